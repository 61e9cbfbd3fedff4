package rpc

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/publishing"
	"github.com/postwright/postwright/internal/queue"
)

type queueHandler struct {
	queue      *queue.Service
	publishing *publishing.Service
}

var _ postwrightv1connect.QueueServiceHandler = queueHandler{}

func (h queueHandler) GetQueue(ctx context.Context, req *postwrightv1.GetQueueRequest) (*postwrightv1.GetQueueResponse, error) {
	get := func(ctx context.Context, in accountOf) (queue.Queue, error) {
		return h.queue.Get(ctx, in.owner, in.account)
	}
	return unary(ctx, req, queueOf, get, func(q queue.Queue) *postwrightv1.GetQueueResponse {
		return &postwrightv1.GetQueueResponse{Queue: queueMessage(q)}
	})
}

func (h queueHandler) UpdateQueue(ctx context.Context, req *postwrightv1.UpdateQueueRequest) (*postwrightv1.UpdateQueueResponse, error) {
	return unary(ctx, req, queueInput, h.queue.Update, func(q queue.Queue) *postwrightv1.UpdateQueueResponse {
		return &postwrightv1.UpdateQueueResponse{Queue: queueMessage(q)}
	})
}

func (h queueHandler) ListFreeSlots(ctx context.Context, req *postwrightv1.ListFreeSlotsRequest) (*postwrightv1.ListFreeSlotsResponse, error) {
	return unary(ctx, req, freeInput, h.queue.Free, func(free queue.Free) *postwrightv1.ListFreeSlotsResponse {
		res := &postwrightv1.ListFreeSlotsResponse{TimeZone: free.Zone}
		for _, at := range free.Times {
			res.Times = append(res.Times, timestamppb.New(at))
		}
		return res
	})
}

func (h queueHandler) QueuePost(ctx context.Context, req *postwrightv1.QueuePostRequest) (*postwrightv1.QueuePostResponse, error) {
	return unary(ctx, req, readID, byID(h.publishing.ScheduleNext), func(s publishing.Scheduled) *postwrightv1.QueuePostResponse {
		return &postwrightv1.QueuePostResponse{Post: postMessage(s.Post), Warnings: s.Warnings}
	})
}

// accountOf is an account of an owner's, nil for their default one.
type accountOf struct {
	owner   uuid.UUID
	account *uuid.UUID
}

func queueOf(caller uuid.UUID, m *postwrightv1.GetQueueRequest) accountOf {
	return accountOf{caller, optionalID(m.GetAccountId())}
}

func queueInput(caller uuid.UUID, m *postwrightv1.UpdateQueueRequest) queue.UpdateInput {
	q := m.GetQueue()
	in := queue.UpdateInput{OwnerID: caller, AccountID: optionalID(q.GetAccountId()), Zone: q.GetTimeZone(), Etag: q.GetEtag()}
	for _, slot := range q.GetSlots() {
		in.Slots = append(in.Slots, queue.SlotInput{Weekday: int(slot.GetWeekday()), Clock: slot.GetLocalTime()})
	}
	return in
}

func freeInput(caller uuid.UUID, m *postwrightv1.ListFreeSlotsRequest) queue.FreeInput {
	in := queue.FreeInput{OwnerID: caller, AccountID: optionalID(m.GetAccountId()), Most: int(m.GetPageSize())}
	if from := optionalTime(m.GetStartTime()); from != nil {
		in.From = *from
	}
	return in
}

func queueMessage(q queue.Queue) *postwrightv1.Queue {
	m := &postwrightv1.Queue{AccountId: q.AccountID.String(), TimeZone: q.Zone, Etag: q.Etag()}
	for _, slot := range q.Slots {
		m.Slots = append(m.Slots, &postwrightv1.QueueSlot{Weekday: int32(slot.Weekday()), LocalTime: slot.Clock()}) //nolint:gosec // 1 to 7
	}
	return m
}
