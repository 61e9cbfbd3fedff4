package rpc

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/notify"
)

var (
	notificationEvents = enumOf(map[notify.Event]postwrightv1.NotificationEvent{
		"":                   postwrightv1.NotificationEvent_NOTIFICATION_EVENT_UNSPECIFIED,
		notify.Published:     postwrightv1.NotificationEvent_NOTIFICATION_EVENT_PUBLISHED,
		notify.Failed:        postwrightv1.NotificationEvent_NOTIFICATION_EVENT_FAILED,
		notify.Unconfirmed:   postwrightv1.NotificationEvent_NOTIFICATION_EVENT_UNCONFIRMED,
		notify.Waiting:       postwrightv1.NotificationEvent_NOTIFICATION_EVENT_WAITING,
		notify.TokenExpiring: postwrightv1.NotificationEvent_NOTIFICATION_EVENT_TOKEN_EXPIRING,
		notify.VersionEnding: postwrightv1.NotificationEvent_NOTIFICATION_EVENT_VERSION_ENDING,
		notify.WebhookOff:    postwrightv1.NotificationEvent_NOTIFICATION_EVENT_WEBHOOK_OFF,
	})
	notificationChannels = enumOf(map[string]postwrightv1.NotificationChannel{
		notify.Email: postwrightv1.NotificationChannel_NOTIFICATION_CHANNEL_EMAIL,
		notify.Push:  postwrightv1.NotificationChannel_NOTIFICATION_CHANNEL_PUSH,
	})
	notificationStates = enumOf(map[notify.State]postwrightv1.NotificationState{
		notify.StateWaiting:   postwrightv1.NotificationState_NOTIFICATION_STATE_WAITING,
		notify.StateSending:   postwrightv1.NotificationState_NOTIFICATION_STATE_SENDING,
		notify.StateDelivered: postwrightv1.NotificationState_NOTIFICATION_STATE_DELIVERED,
		notify.StateFailed:    postwrightv1.NotificationState_NOTIFICATION_STATE_FAILED,
	})
)

func preferencesInput(caller uuid.UUID, m *postwrightv1.UpdatePreferencesRequest) notify.PreferencesInput {
	in := notify.PreferencesInput{OwnerID: caller, Fields: m.GetUpdateMask().GetPaths()}
	for _, e := range m.GetPreferences().GetEvents() {
		in.Events = append(in.Events, notify.EventPreference{Event: notificationEvents.word(e.GetEvent()), Email: e.GetEmail(), Push: e.GetPush()})
	}
	if q := m.GetPreferences().GetQuietHours(); q != nil {
		in.Quiet = &notify.QuietInput{Start: q.GetStartTime(), End: q.GetEndTime(), Zone: q.GetTimeZone()}
	}
	return in
}

func preferencesMessage(p notify.Preferences) *postwrightv1.NotificationPreferences {
	m := &postwrightv1.NotificationPreferences{}
	for _, event := range notify.Events() {
		m.Events = append(m.Events, &postwrightv1.EventPreference{
			Event: notificationEvents.value(event), Email: p.Told(event, notify.Email), Push: p.Told(event, notify.Push),
		})
	}
	if p.Quiet != nil {
		q := p.Quiet.Write()
		m.QuietHours = &postwrightv1.QuietHours{StartTime: q.Start, EndTime: q.End, TimeZone: q.Zone}
	}
	return m
}

func notificationsInput(caller uuid.UUID, m *postwrightv1.ListNotificationsRequest) notify.ListInput {
	return notify.ListInput{OwnerID: caller, Failed: m.GetFailed(), PageSize: int(m.GetPageSize()), PageToken: m.GetPageToken()}
}

func notificationMessage(n notify.Notification) *postwrightv1.Notification {
	m := &postwrightv1.Notification{
		Id: n.ID.String(), Event: notificationEvents.value(n.Event), Channel: notificationChannels.value(n.Channel), Sender: n.Sender,
		Recipient: n.Recipient, Subject: n.Subject, State: notificationStates.value(n.State), Problem: n.Problem,
		Attempts: int32(n.Attempts), CreateTime: timestamppb.New(n.CreatedAt), //nolint:gosec // a few
	}
	if n.PostID != nil {
		m.PostId = n.PostID.String()
	}
	return m
}
