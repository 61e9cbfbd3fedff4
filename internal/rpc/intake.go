package rpc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/posts"
)

// How much of all messages, requests and lists of posts alike, may be in memory at once, in bytes on the wire,
// uncompressed. What is made of them takes a few times as much.
const (
	// freeBytes is up to which size a message that says its size is not counted: the usual call waits for nobody.
	freeBytes = 64 << 10
	// ownerShares is how many owners can use up their shares before others must wait.
	ownerShares = 8
	// postBytes is what a post of a list is counted as: 3,000 characters of three bytes, and what is around them.
	postBytes = 16 << 10
)

// reasonRoom marks the refusal of an owner whose large requests fill the owner's share.
const reasonRoom = "TOO_MANY_BYTES"

// intakeWait is how long a call waits for its turn to be read.
const intakeWait = 10 * time.Second

// intake bounds the messages that are in memory at once, in all and of each owner. Callers who read their answers slowly
// hold those in memory.
type intake struct {
	limit func(procedure string) int // of one message
	share int64                      // of one owner
	all   *semaphore.Weighted
	wait  time.Duration

	mu     sync.Mutex
	owners map[uuid.UUID]*ownerShare // those with calls under way
}

type ownerShare struct {
	calls int
	bytes *semaphore.Weighted
}

// newIntake gives every owner room for two of the largest messages.
func newIntake(cfg Config) *intake {
	share := 2 * int64(cfg.MaxBatchBytes)
	return &intake{
		limit: cfg.maxBytes, share: share, all: semaphore.NewWeighted(ownerShares * share), wait: intakeWait, owners: map[uuid.UUID]*ownerShare{},
	}
}

// intercept lets a call read its message when there is room for it, and gives the room back when the call ends, or is
// done with the message.
func (in *intake) intercept(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		owner, err := identity.Caller(ctx)
		if err != nil {
			owner = uuid.Nil // reflection: all who are nobody have one share
		}
		here := &roomyStream{ServerStream: stream, room: room{intake: in, owner: owner}, limit: int64(in.limit(spec.Procedure))}
		defer here.room.keep(0)
		ctx = context.WithValue(ctx, roomKey{}, &here.room)
		here.ctx = ctx
		return next(ctx, spec, here)
	}
}

type roomyStream struct {
	connect.ServerStream
	ctx   context.Context
	room  room
	limit int64
}

func (s *roomyStream) Receive(msg any) error {
	info, there := connect.CallInfoForServerContext(s.ctx)
	if !there {
		return errors.New("a call without headers")
	}
	if err := s.room.change(s.ctx, mostBytes(info, s.limit)); err != nil {
		return err
	}
	err := s.ServerStream.Receive(msg)
	if err == nil {
		return s.room.change(s.ctx, max(int64(info.ReceiveStats.Size), answerBytes(msg)))
	}
	var ours *fault.Error
	if errors.As(err, &ours) { // of the body or the codec, however connect has wrapped it
		return ours
	}
	if connect.CodeOf(err) == connect.CodeInvalidArgument && info.RequestEncoding != connect.CompressionNameIdentity {
		return unreadable("it is said to be compressed with " + info.RequestEncoding + ", and is not, or is cut off").WithCause(err)
	}
	var body *connect.Error
	if errors.As(err, &body) && body.Code() == connect.CodeUnknown { // what HTTP says of a body: nobody here is to blame
		return unreadable("its body breaks HTTP's rules, or ends before its end").WithCause(err)
	}
	if connect.CodeOf(err) == connect.CodeResourceExhausted { // the one reason why a message is not read to its end
		return connect.NewError(connect.CodeResourceExhausted, fmt.Sprintf("The request is larger than %d KiB: send less at once.", s.limit>>10))
	}
	return err
}

// answerBytes is how large the answer to a request for a list can be.
func answerBytes(msg any) int64 {
	list, asked := msg.(interface{ GetPageSize() int32 })
	if !asked {
		return 0
	}
	size := list.GetPageSize()
	if size <= 0 {
		size = posts.DefaultPageSize
	}
	return int64(min(size, posts.MaxPageSize)) * postBytes // a larger one is refused
}

// mostBytes is how large the message to come can be.
func mostBytes(info *connect.CallInfo, limit int64) int64 {
	declared, err := strconv.ParseInt(info.RequestHeader().Get("Content-Length"), 10, 64)
	if err != nil || info.RequestEncoding != connect.CompressionNameIdentity {
		return limit
	}
	return min(declared, limit)
}

// room is what one call holds of the intake.
type room struct {
	intake *intake
	owner  uuid.UUID
	share  *ownerShare
	bytes  int64
}

type roomKey struct{}

// doneWithMessage tells that a call that goes on no longer needs what it was asked with.
func doneWithMessage(ctx context.Context) {
	if held, there := ctx.Value(roomKey{}).(*room); there {
		held.keep(0)
	}
}

// change makes the room that is held as large as is needed now, and waits for more if it must.
func (r *room) change(ctx context.Context, bytes int64) error {
	switch {
	case bytes <= freeBytes:
		r.keep(0)
	case bytes <= r.bytes:
		r.keep(bytes)
	default:
		r.keep(0) // or two calls could wait for what the other holds
		return r.take(ctx, bytes)
	}
	return nil
}

// take waits for room.
func (r *room) take(ctx context.Context, bytes int64) error {
	in := r.intake
	in.mu.Lock()
	share := in.owners[r.owner]
	if share == nil {
		share = &ownerShare{bytes: semaphore.NewWeighted(in.share)}
		in.owners[r.owner] = share
	}
	share.calls++
	in.mu.Unlock()
	waiting, cancel := context.WithTimeout(ctx, in.wait)
	defer cancel()
	if err := share.bytes.Acquire(waiting, bytes); err != nil {
		in.leave(r.owner, share)
		return noRoom(
			ctx,
			fault.New(fault.OverLimit, "Too many large requests of yours are under way: wait for their answers, then call again.").WithReason(reasonRoom),
		)
	}
	if err := in.all.Acquire(waiting, bytes); err != nil {
		share.bytes.Release(bytes)
		in.leave(r.owner, share)
		return noRoom(ctx, fault.New(fault.Unavailable, "Too many large requests are under way: call again later."))
	}
	r.share, r.bytes = share, bytes
	return nil
}

func noRoom(ctx context.Context, f *fault.Error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f.RetryAfter = defaultRetryAfter
	return f
}

// keep gives back all but so many bytes.
func (r *room) keep(bytes int64) {
	if r.share == nil {
		return
	}
	r.intake.all.Release(r.bytes - bytes)
	r.share.bytes.Release(r.bytes - bytes)
	r.bytes = bytes
	if bytes == 0 {
		r.intake.leave(r.owner, r.share)
		r.share = nil
	}
}

// leave forgets an owner of whom no call is left.
func (in *intake) leave(owner uuid.UUID, share *ownerShare) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if share.calls--; share.calls == 0 {
		delete(in.owners, owner)
	}
}
