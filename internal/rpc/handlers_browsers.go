package rpc

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/notify"
)

func (h notificationHandler) RegisterPushSubscription(
	ctx context.Context, req *postwrightv1.RegisterPushSubscriptionRequest,
) (*postwrightv1.RegisterPushSubscriptionResponse, error) {
	return unary(ctx, req, h.browserInput, h.browsers.Register, func(b notify.Browser) *postwrightv1.RegisterPushSubscriptionResponse {
		return &postwrightv1.RegisterPushSubscriptionResponse{PushSubscription: browserMessage(b)}
	})
}

func (h notificationHandler) ListPushSubscriptions(
	ctx context.Context, req *postwrightv1.ListPushSubscriptionsRequest,
) (*postwrightv1.ListPushSubscriptionsResponse, error) {
	return unary(ctx, req, onlyCaller, h.browsers.List, func(list []notify.Browser) *postwrightv1.ListPushSubscriptionsResponse {
		res := &postwrightv1.ListPushSubscriptionsResponse{PublicKey: h.browsers.PublicKey()}
		for _, b := range list {
			res.PushSubscriptions = append(res.PushSubscriptions, browserMessage(b))
		}
		return res
	})
}

func (h notificationHandler) DeletePushSubscription(
	ctx context.Context, req *postwrightv1.DeletePushSubscriptionRequest,
) (*postwrightv1.DeletePushSubscriptionResponse, error) {
	return unary(ctx, req, readID, func(ctx context.Context, in ownedID) (*postwrightv1.DeletePushSubscriptionResponse, error) {
		return &postwrightv1.DeletePushSubscriptionResponse{}, h.browsers.Delete(ctx, in.owner, in.id)
	}, same)
}

func (h notificationHandler) browserInput(caller uuid.UUID, m *postwrightv1.RegisterPushSubscriptionRequest) notify.BrowserInput {
	return notify.BrowserInput{
		OwnerID: caller, Endpoint: m.GetEndpoint(), P256dh: m.GetKeys().GetP256Dh(), Auth: m.GetKeys().GetAuth(), Description: m.GetDescription(),
		Reach: h.reach,
	}
}

func browserMessage(b notify.Browser) *postwrightv1.PushSubscription {
	return &postwrightv1.PushSubscription{
		Id: b.ID.String(), Endpoint: b.Endpoint, Description: b.Description, CreateTime: timestamppb.New(b.CreatedAt),
		UpdateTime: timestamppb.New(b.UpdatedAt),
	}
}
