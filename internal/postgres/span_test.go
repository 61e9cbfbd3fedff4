package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

func TestEachOperationOfATraceHasASpanThatHoldsNothingOfTheArguments(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t))
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	ctx, parent := provider.Tracer("test").Start(t.Context(), "call")
	require.NoError(t, store.InTx(ctx, func(tx *postgres.Tx) error {
		_, err := queries.UserInsert(ctx, tx, newUser("hunter2@example.org"))
		return err
	}))
	_, err := queries.UserList(ctx, store)
	require.NoError(t, err)
	_, err = queries.UserGetByEmail(ctx, store, "hunter2-not-there@example.org")
	require.Error(t, err)
	_, err = queries.UserInsert(ctx, store, newUser("hunter2@example.org"))
	require.Error(t, err)

	names, states := []string{}, map[string]codes.Code{}
	for _, span := range spans.Ended() {
		names = append(names, span.Name())
		states[span.Name()] = span.Status().Code
		require.Equal(t, parent.SpanContext().SpanID(), span.Parent().SpanID())
		require.NotContains(t, fmt.Sprint(span.Attributes(), span.Events(), span.Status()), "hunter2")
	}
	require.Equal(t, []string{"Begin", "UserInsert", "Commit", "UserList", "UserGetByEmail", "UserInsert"}, names, "each once, in order")
	require.Equal(t, codes.Unset, states["UserGetByEmail"], "no such row is an answer")
	require.Equal(t, codes.Error, states["UserInsert"])
	require.Contains(t, fmt.Sprint(spans.Ended()[5].Attributes()), "23505")
}

func TestAnOperationOutsideOfTracesHasNoSpan(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t))
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithSampler(sdktrace.NeverSample()))
	ctx, _ := provider.Tracer("test").Start(t.Context(), "a call that is not sampled")
	_, err := queries.UserList(ctx, store)
	require.NoError(t, err)
	require.Empty(t, spans.Started())
}

func TestThePoolTellsWhoWaitsForAConnection(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t), func(c *postgres.Config) { c.MaxConns = 2 })
	answered := make(chan error, 1)
	require.NoError(t, store.InTx(t.Context(), func(*postgres.Tx) error {
		return store.InTx(t.Context(), func(*postgres.Tx) error {
			require.Equal(t, postgres.PoolState{InUse: 2}, store.PoolState())
			go func() {
				_, err := queries.UserList(t.Context(), store)
				answered <- err
			}()
			require.Eventually(t, func() bool { return store.PoolState().Waiting == 1 }, time.Minute, time.Millisecond)
			return nil
		})
	}))
	require.NoError(t, <-answered)
	require.Eventually(t, func() bool { return store.PoolState() == postgres.PoolState{Idle: 2} }, time.Minute, time.Millisecond)
}
