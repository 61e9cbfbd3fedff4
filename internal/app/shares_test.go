package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/sandbox"
)

// Callers whose reads fail, and who never wait long enough to see whether LinkedIn works again, keep no post back.
func TestImpatientReadersKeepNoPostBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.Status, Value: "500", Times: 60}))
	profiles := postwrightv1connect.NewAccountServiceClient(w.Client(w.Key))
	for range 5 {
		_, err := profiles.GetProfile(t.Context(), &postwrightv1.GetProfileRequest{})
		require.Error(t, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var loops sync.WaitGroup
	for range 24 {
		loops.Go(func() {
			for ctx.Err() == nil {
				short, cancel := context.WithTimeout(ctx, 60*time.Millisecond)
				_, _ = profiles.GetProfile(short, &postwrightv1.GetProfileRequest{})
				<-short.Done()
				cancel()
			}
		})
	}
	defer loops.Wait()
	defer stop()
	post, _ := w.Publish(w.Draft("Nobody is in its way"))
	require.Equal(t, published, post.GetState())
}
