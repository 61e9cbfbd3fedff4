package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
)

// Preferences are what a user is told by itself, and when not. The zero value is everything, at any time.
type Preferences struct {
	muted []string // what is not told, as muting names it
	Quiet *QuietHours
}

// Told reports whether a user is told of an event by a channel.
func (p Preferences) Told(event Event, channel string) bool {
	return !slices.Contains(p.muted, muting(event, channel))
}

func muting(event Event, channel string) string { return fmt.Sprintf("%s_%s", event, channel) }

// EventPreference is by which channels an event is told.
type EventPreference struct {
	Event       Event
	Email, Push bool
}

// PreferencesInput changes what Fields name: events, quiet_hours. An event that is not among Events is told by every channel.
type PreferencesInput struct {
	OwnerID uuid.UUID
	Fields  []string
	Events  []EventPreference
	Quiet   *QuietInput
}

const (
	fieldEvents = "events"
	fieldQuiet  = "quiet_hours"
)

// Validate lists everything that is wrong with the input.
func (in PreferencesInput) Validate() error {
	var faults fault.List
	if len(in.Fields) == 0 {
		faults.Add(fault.Field{Path: "updateMask", Problem: "must name what is to change: events, quietHours"})
	}
	for _, field := range in.Fields {
		if field != fieldEvents && field != fieldQuiet {
			faults.Add(fault.Field{Path: "updateMask", Problem: fmt.Sprintf("holds %q, which is none of events, quietHours", fault.Clip(field, 50))})
		}
	}
	for i, e := range in.Events {
		if slices.ContainsFunc(in.Events[:i], func(before EventPreference) bool { return before.Event == e.Event }) {
			faults.Add(fault.Field{Path: fmt.Sprintf("preferences.events[%d].event", i), Problem: "is named twice: name each event once"})
		}
	}
	if in.Quiet != nil {
		_, fields := in.Quiet.read("preferences.quietHours.")
		faults.AddNew(fields...)
	}
	return faults.Err()
}

// Preferences are those of a user.
func (s *Service) Preferences(ctx context.Context, ownerID uuid.UUID) (Preferences, error) {
	row, err := s.queries.NotificationPreferencesGet(ctx, s.store, ownerID)
	if fault.Is(err, fault.NotFound) {
		return Preferences{}, nil
	}
	if err != nil {
		return Preferences{}, err
	}
	return preferencesFromRow(row)
}

// UpdatePreferences changes what the input names, and returns all.
func (s *Service) UpdatePreferences(ctx context.Context, in PreferencesInput) (Preferences, error) {
	if err := in.Validate(); err != nil {
		return Preferences{}, err
	}
	params := db.NotificationPreferencesUpsertParams{
		OwnerID: in.OwnerID, Muted: []string{}, QuietFrom: nil, QuietUntil: nil, QuietZone: nil, Now: s.now(),
		SetMuted: slices.Contains(in.Fields, fieldEvents), SetQuiet: slices.Contains(in.Fields, fieldQuiet),
	}
	if params.SetMuted {
		for _, e := range in.Events {
			if !e.Email {
				params.Muted = append(params.Muted, muting(e.Event, Email))
			}
			if !e.Push {
				params.Muted = append(params.Muted, muting(e.Event, Push))
			}
		}
	}
	if params.SetQuiet && in.Quiet != nil {
		quiet, _ := in.Quiet.read("") // Validate has told what is wrong
		from, until, name := minutes(quiet.From), minutes(quiet.Until), quiet.Zone.String()
		params.QuietFrom, params.QuietUntil, params.QuietZone = &from, &until, &name
	}
	row, err := s.queries.NotificationPreferencesUpsert(ctx, s.store, params)
	if err != nil {
		return Preferences{}, err
	}
	return preferencesFromRow(row)
}

func minutes(d time.Duration) int32 { return int32(d / time.Minute) } //nolint:gosec // of a day
