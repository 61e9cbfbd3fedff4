package app_test

import (
	"net"
	"net/http"
	"syscall"
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
	require.Equal(t, http.StatusNotFound, w.Get("http://"+address+"/debug/pprof/cmdline").Status, "there may be a secret in it")
	require.Equal(t, http.StatusNotFound, w.Get(w.URL+"/debug/pprof/goroutine").Status, "the API has none")

	require.NoError(t, stop())
	_, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}
