package notify

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/reach"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/webpush"
)

// Where Web Push is off, a key may be missing, or push messages may go another way: which of them it is, the operator finds out.
func TestWhereWebPushIsOffBothSettingsAreNamed(t *testing.T) {
	t.Parallel()
	key, err := webpush.NewKey()
	require.NoError(t, err)
	public, err := webpush.Public(key)
	require.NoError(t, err)
	vendors := sandbox.New(sandbox.Options{Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(vendors.Handler())
	t.Cleanup(server.Close)
	browser, err := vendors.Subscribe(server.URL, public)
	require.NoError(t, err)
	_, err = NewBrowsers(BrowsersDependencies{}).Register(t.Context(), BrowserInput{
		Endpoint: browser.Endpoint, P256dh: browser.P256dh, Auth: browser.Auth, Reach: reach.Reach{Private: true, HTTP: true},
	})
	f := fault.Of(err)
	require.Equal(t, "WEB_PUSH_OFF", f.Reason)
	require.Contains(t, f.Message, "--webpush-private-key")
	require.Contains(t, f.Message, "--notification-push")
}
