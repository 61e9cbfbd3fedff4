package app_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/dbtest"
)

// dropped are calls that their callers drop.
var dropped = map[string]string{
	"PostService/ListPosts":   `{"pageSize":50}`,
	"PostService/SearchPosts": `{"query":"dropped"}`,
	"PostService/GetPost":     `{"id":"%"}`,
	"PostService/CreatePost":  `{"post":{"content":"Dropped by its caller"}}`,
}

// Calls that were dropped kept connections to the database for ever, until none was left, and kept the process from ending.
func TestDroppedCallsLeaveNothingInUse(t *testing.T) {
	// Not parallel: goroutines of other tests would be taken for leaks.
	dbtest.New(t) // the test server's own goroutines are there before
	before := goleak.IgnoreCurrent()
	t.Run("calls", func(t *testing.T) {
		w := newWired(t, unhurried)
		stop := w.stop
		post := w.Draft("Kept, and not dropped").GetId()
		transport := &http.Transport{}
		call := func(ctx context.Context, method string) {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/postwright.v1."+method,
				strings.NewReader(strings.ReplaceAll(dropped[method], "%", post)))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+w.Key)
			if resp, err := transport.RoundTrip(req); err == nil {
				_ = resp.Body.Close()
			}
		}
		for method := range dropped {
			for at := 1; at < 4_000; at += 61 { // bytes between the service and its database
				ctx, drop := context.WithCancel(t.Context())
				w.wire.AtByte(at, drop)
				call(ctx, method)
				w.wire.AtByte(0, nil)
				drop()
			}
		}
		var callers sync.WaitGroup
		for n := range 8 {
			callers.Go(func() {
				for i := range 40 {
					for method := range dropped {
						ctx, drop := context.WithTimeout(t.Context(), time.Duration(n*40+i)*50*time.Microsecond)
						call(ctx, method)
						drop()
					}
				}
			})
		}
		callers.Wait()
		transport.CloseIdleConnections()

		require.Eventually(t, func() bool {
			return strings.Contains(string(w.Get(w.URL+"/metrics").Body), `db_pool_connections{state="in_use"} 0`)
		}, apptest.WaitLimit, apptest.WaitStep)
		require.Equal(t, http.StatusOK, w.do(dbCalls[1], post).Status, "the next call goes well")
		require.NoError(t, stop())
		w.App.Close()
	})
	goleak.VerifyNone(t, before)
}
