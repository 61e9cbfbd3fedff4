package rpc

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/reach"
	"github.com/postwright/postwright/internal/webhooks"
)

type webhookHandler struct {
	webhooks *webhooks.Service
	reach    reach.Reach
}

var _ postwrightv1connect.WebhookServiceHandler = webhookHandler{}

func (h webhookHandler) CreateWebhook(ctx context.Context, req *postwrightv1.CreateWebhookRequest) (*postwrightv1.CreateWebhookResponse, error) {
	return unary(ctx, req, h.createInput, h.webhooks.Create, func(made webhooks.Created) *postwrightv1.CreateWebhookResponse {
		return &postwrightv1.CreateWebhookResponse{Webhook: webhookMessage(made.Webhook), Secret: made.Secret}
	})
}

func (h webhookHandler) GetWebhook(ctx context.Context, req *postwrightv1.GetWebhookRequest) (*postwrightv1.GetWebhookResponse, error) {
	return unary(ctx, req, readID, byID(h.webhooks.Get), func(w webhooks.Webhook) *postwrightv1.GetWebhookResponse {
		return &postwrightv1.GetWebhookResponse{Webhook: webhookMessage(w)}
	})
}

func (h webhookHandler) ListWebhooks(ctx context.Context, req *postwrightv1.ListWebhooksRequest) (*postwrightv1.ListWebhooksResponse, error) {
	return unary(ctx, req, onlyCaller, h.webhooks.List, func(list []webhooks.Webhook) *postwrightv1.ListWebhooksResponse {
		res := &postwrightv1.ListWebhooksResponse{}
		for _, w := range list {
			res.Webhooks = append(res.Webhooks, webhookMessage(w))
		}
		return res
	})
}

func (h webhookHandler) UpdateWebhook(ctx context.Context, req *postwrightv1.UpdateWebhookRequest) (*postwrightv1.UpdateWebhookResponse, error) {
	return unary(ctx, req, h.updateInput, h.webhooks.Update, func(w webhooks.Webhook) *postwrightv1.UpdateWebhookResponse {
		return &postwrightv1.UpdateWebhookResponse{Webhook: webhookMessage(w)}
	})
}

func (h webhookHandler) DeleteWebhook(ctx context.Context, req *postwrightv1.DeleteWebhookRequest) (*postwrightv1.DeleteWebhookResponse, error) {
	return unary(ctx, req, readID, func(ctx context.Context, in ownedID) (*postwrightv1.DeleteWebhookResponse, error) {
		return &postwrightv1.DeleteWebhookResponse{}, h.webhooks.Delete(ctx, in.owner, in.id)
	}, same)
}

func (h webhookHandler) RotateWebhookSecret(
	ctx context.Context, req *postwrightv1.RotateWebhookSecretRequest,
) (*postwrightv1.RotateWebhookSecretResponse, error) {
	return unary(ctx, req, rotateInput, h.webhooks.Rotate, func(rotated webhooks.Created) *postwrightv1.RotateWebhookSecretResponse {
		return &postwrightv1.RotateWebhookSecretResponse{Webhook: webhookMessage(rotated.Webhook), Secret: rotated.Secret}
	})
}

func (h webhookHandler) ListWebhookDeliveries(
	ctx context.Context, req *postwrightv1.ListWebhookDeliveriesRequest,
) (*postwrightv1.ListWebhookDeliveriesResponse, error) {
	return unary(ctx, req, deliveriesInput, h.webhooks.Deliveries, func(page webhooks.Deliveries) *postwrightv1.ListWebhookDeliveriesResponse {
		res := &postwrightv1.ListWebhookDeliveriesResponse{NextPageToken: page.NextPageToken}
		for _, sent := range page.Deliveries {
			res.Deliveries = append(res.Deliveries, deliveryMessage(sent))
		}
		return res
	})
}

func (h webhookHandler) ResendWebhookDelivery(
	ctx context.Context, req *postwrightv1.ResendWebhookDeliveryRequest,
) (*postwrightv1.ResendWebhookDeliveryResponse, error) {
	return unary(ctx, req, resendInput, h.webhooks.Resend, func(sent webhooks.Sent) *postwrightv1.ResendWebhookDeliveryResponse {
		return &postwrightv1.ResendWebhookDeliveryResponse{Delivery: deliveryMessage(sent)}
	})
}

func (h webhookHandler) draft(m *postwrightv1.Webhook) webhooks.Draft {
	return webhooks.Draft{URL: m.GetUrl(), Description: m.GetDescription(), EventTypes: m.GetEventTypes(), Reach: h.reach}
}

func (h webhookHandler) createInput(caller uuid.UUID, m *postwrightv1.CreateWebhookRequest) webhooks.CreateInput {
	return webhooks.CreateInput{OwnerID: caller, Draft: h.draft(m.GetWebhook()), Request: repeatable(m)}
}

func (h webhookHandler) updateInput(caller uuid.UUID, m *postwrightv1.UpdateWebhookRequest) webhooks.UpdateInput {
	return webhooks.UpdateInput{
		OwnerID: caller, ID: parseID(m.GetWebhook().GetId()), Fields: m.GetUpdateMask().GetPaths(), Draft: h.draft(m.GetWebhook()),
		Enabled: m.GetWebhook().GetEnabled(),
	}
}

func rotateInput(caller uuid.UUID, m *postwrightv1.RotateWebhookSecretRequest) webhooks.RotateInput {
	in := webhooks.RotateInput{OwnerID: caller, ID: parseID(m.GetId())}
	if m.OverlapSeconds != nil {
		overlap := time.Duration(m.GetOverlapSeconds()) * time.Second
		in.Overlap = &overlap
	}
	return in
}

func deliveriesInput(caller uuid.UUID, m *postwrightv1.ListWebhookDeliveriesRequest) webhooks.DeliveriesInput {
	return webhooks.DeliveriesInput{OwnerID: caller, WebhookID: parseID(m.GetWebhookId()), PageToken: m.GetPageToken()}
}

func resendInput(caller uuid.UUID, m *postwrightv1.ResendWebhookDeliveryRequest) webhooks.ResendInput {
	return webhooks.ResendInput{OwnerID: caller, WebhookID: parseID(m.GetWebhookId()), EventID: parseID(m.GetEventId())}
}

func webhookMessage(w webhooks.Webhook) *postwrightv1.Webhook {
	return &postwrightv1.Webhook{
		Id: w.ID.String(), Url: w.URL, Description: w.Description, EventTypes: w.EventTypes, Enabled: w.OffReason == "",
		OffReason: strings.ToUpper(w.OffReason), OffTime: timestamp(w.OffAt), FailingSinceTime: timestamp(w.FailingSince),
		PreviousSecretUntilTime: timestamp(w.PreviousSecretUntil), CreateTime: timestamppb.New(w.CreatedAt), UpdateTime: timestamppb.New(w.UpdatedAt),
	}
}

func deliveryMessage(sent webhooks.Sent) *postwrightv1.WebhookDelivery {
	d := sent.Delivery
	m := &postwrightv1.WebhookDelivery{
		WebhookId: d.WebhookID.String(), EventId: d.EventID.String(), EventType: d.Type, EventTime: timestamppb.New(d.OccurredAt),
		State: deliveryStates.value(d.State), Problem: d.Problem, NextAttemptTime: timestamp(d.NextAttemptAt), CreateTime: timestamppb.New(d.CreatedAt),
	}
	for _, a := range sent.Attempts {
		m.Attempts = append(m.Attempts, &postwrightv1.WebhookAttempt{
			Number: a.Number, StartTime: timestamppb.New(a.StartedAt), Duration: durationpb.New(time.Duration(a.TookMs) * time.Millisecond),
			Status: a.Status, Answer: a.Answer, Problem: a.Problem,
		})
	}
	return m
}
