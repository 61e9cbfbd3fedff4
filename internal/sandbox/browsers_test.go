package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// A browser is had over HTTP too, for whoever tries Web Push by hand.
func TestABrowserIsMadeOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.JSONEq(t, `{"browsers":[]}`, w.call(t, "GET", "/_sandbox/browsers", "").body)
	for _, body := range []string{"", "{}", `{"publicKey":"x","other":1}`} {
		require.Equal(t, http.StatusBadRequest, w.call(t, "POST", "/_sandbox/browsers", body).status, body)
	}
	made := w.call(t, "POST", "/_sandbox/browsers", `{"publicKey":"x"}`).json(t)
	require.Contains(t, made["endpoint"], "/push/")
	keys, _ := made["keys"].(map[string]any)
	require.Len(t, keys["p256dh"], 87)
	require.Len(t, keys["auth"], 22)
	endpoint, _ := made["endpoint"].(string)
	require.JSONEq(t, `{"browsers":[{"endpoint":"`+endpoint+`","read":[]}]}`, w.call(t, "GET", "/_sandbox/browsers", "").body)
	require.Equal(t, http.StatusGone, w.call(t, "POST", "/push/nobody", "").status)
}
