package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
)

func TestProfilesAreServedOnAnAddressOfTheirOwnUntilTheStop(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	w := newWorld(t, func(c *app.Config) { c.Server.PprofListen = address })
	stop := w.Serve()

	require.Equal(t, http.StatusOK, w.Get("http://"+address+"/debug/pprof/goroutine").Status)
	require.Equal(t, http.StatusNotFound, w.Get("http://"+address+"/").Status)
	require.Equal(t, http.StatusNotFound, w.Get(w.URL+"/debug/pprof/goroutine").Status, "the API has none")

	require.NoError(t, stop())
	refused, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/debug/pprof/", http.NoBody)
	require.NoError(t, err)
	_, err = http.DefaultTransport.RoundTrip(refused)
	require.Error(t, err)
}
