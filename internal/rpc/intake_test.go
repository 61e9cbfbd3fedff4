package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/posts"
)

func TestAnOwnerWaitsForRoomAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newIntake(small)
		largest := int64(small.MaxBatchBytes)
		enter := func(owner uuid.UUID) (*room, error) {
			r := &room{intake: in, owner: owner}
			return r, r.take(t.Context(), largest)
		}
		ada, bob := uuid.New(), uuid.New()
		first, err := enter(ada)
		require.NoError(t, err)
		second, err := enter(ada)
		require.NoError(t, err)

		began := time.Now()
		_, err = enter(ada)
		require.Equal(t, fault.OverLimit, fault.Of(err).Kind, "two of the largest are an owner's share")
		require.Positive(t, fault.Of(err).RetryAfter)
		require.Equal(t, intakeWait, time.Since(began))
		others, err := enter(bob)
		require.NoError(t, err)

		waited := make(chan error)
		go func() {
			third, err := enter(ada)
			third.keep(0)
			waited <- err
		}()
		synctest.Wait()
		first.keep(largest / 2)
		synctest.Wait()
		select {
		case err := <-waited:
			require.NoError(t, err)
			require.Fail(t, "half is not enough")
		default:
		}
		first.keep(0)
		require.NoError(t, <-waited)
		second.keep(0)
		others.keep(0)
		require.Empty(t, in.owners, "nobody is remembered")
	})
}

func TestAllOwnersTogetherHaveALimitToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := newIntake(small)
		var held []*room
		enter := func(owner uuid.UUID) error {
			r := &room{intake: in, owner: owner}
			held = append(held, r)
			return r.take(t.Context(), int64(small.MaxBatchBytes))
		}
		for range ownerShares {
			owner := uuid.New()
			require.NoError(t, enter(owner))
			require.NoError(t, enter(owner))
		}
		require.Equal(t, fault.Unavailable, fault.Of(enter(uuid.New())).Kind)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, (&room{intake: in, owner: uuid.New()}).take(ctx, 1), context.Canceled, "who left does not wait")
		for _, r := range held {
			r.keep(0)
		}
		require.Empty(t, in.owners)
		require.True(t, in.all.TryAcquire(ownerShares*in.share), "all is given back")
	})
}

func TestACallThatGoesOnGivesBackWhatItWasAskedWith(t *testing.T) {
	t.Parallel()
	in := newIntake(small)
	held := &room{intake: in, owner: uuid.New()}
	require.NoError(t, held.take(t.Context(), in.share))
	doneWithMessage(context.WithValue(t.Context(), roomKey{}, held))
	require.Empty(t, in.owners)
	doneWithMessage(t.Context())
}

// slowReader asks for a list, and takes its answer only in time.
type slowReader struct {
	connect.ServerStream
	read <-chan struct{}
}

func (slowReader) Receive(msg any) error {
	list, ok := msg.(*postwrightv1.ListPostsRequest)
	if ok {
		list.PageSize = posts.MaxPageSize
	}
	return nil
}

func (s slowReader) Send(any) error {
	<-s.read
	return nil
}

func TestSlowReadersOfLongListsHoldOnlyTheirOwnersShare(t *testing.T) {
	t.Parallel()
	cfg := small
	cfg.MaxBatchBytes = 16 << 20
	synctest.Test(t, func(t *testing.T) {
		in := newIntake(cfg)
		read := make(chan struct{})
		sending := make(chan struct{}, 1000)
		const list = "/ListPosts"
		server := connect.NewServer(in.intercept)
		server.Register(
			connect.Method{Spec: connect.Spec{Procedure: list}, Handler: func(_ context.Context, _ connect.Spec, stream connect.ServerStream) error {
				if err := stream.Receive(&postwrightv1.ListPostsRequest{}); err != nil {
					return err
				}
				sending <- struct{}{}
				return stream.Send(nil)
			}},
		)
		ask := func(owner uuid.UUID) error {
			return server.Call(
				identity.WithCaller(t.Context(), identity.Access{UserID: owner}),
				list,
				&connect.CallInfo{RequestEncoding: connect.CompressionNameIdentity},
				slowReader{read: read},
			)
		}
		ada, bob := uuid.New(), uuid.New()
		ended := make(chan error, 1000)
		for range 30 {
			go func() { ended <- ask(ada) }()
		}
		synctest.Wait()
		require.Len(t, sending, 20, "as many lists of 100 posts as there is room for in the share")
		for range 10 {
			require.Equal(t, fault.OverLimit, fault.Of(<-ended).Kind)
		}
		go func() { ended <- ask(bob) }()
		synctest.Wait()
		require.Len(t, sending, 21, "others don't notice")
		close(read)
		for range 21 {
			require.NoError(t, <-ended)
		}
		require.Empty(t, in.owners)
	})
}

func TestAMessageThatSaysItsSizeTakesNoMoreRoom(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		length, encoding string
		want             int64
	}{
		"says its size":       {"1000", "identity", 1000},
		"says too much":       {"10000000000", "identity", 100_000},
		"says nothing":        {"", "identity", 100_000},
		"may be much smaller": {"1000", "gzip", 100_000},
		"nonsense":            {"many", "identity", 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info := &connect.CallInfo{RequestEncoding: c.encoding}
			info.RequestHeader().Set("Content-Length", c.length)
			require.Equal(t, c.want, mostBytes(info, 100_000))
		})
	}
}

func TestAMessageThatIsTooLargeIsToldTheLimitWhateverTheWire(t *testing.T) {
	t.Parallel()
	handler := newEdge(t, small, slog.New(slog.DiscardHandler))
	const get, batch = "/postwright.v1.PostService/GetPost", "/postwright.v1.PostService/BatchCreatePosts"
	for procedure, c := range map[string]struct {
		limit int
		want  string
	}{
		get:   {small.MaxRequestBytes, "The request is larger than 64 KiB: send less at once."},
		batch: {small.MaxBatchBytes, "The request is larger than 512 KiB: send less at once."},
	} {
		for _, way := range wires {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, way.send(procedure, false, hostile{json: true, body: bytes.Repeat([]byte(" "), c.limit+1)}))
			var answer struct{ Code, Message string }
			if json.Unmarshal(w.Body.Bytes(), &answer) != nil { // gRPC tells in trailers, gRPC-Web in the body
				said := w.Body.String() + w.Result().Trailer.Get("Grpc-Message") + w.Header().Get("Grpc-Message")
				require.Contains(t, said, c.want, way.name)
				continue
			}
			require.Equal(t, "resource_exhausted", answer.Code, way.name)
			require.Equal(t, c.want, answer.Message, way.name)
		}
	}
}
