package status

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// A host whose certificate is not valid can be reached, and gets nothing: that is said, also where no call would show it.
func TestABadCertificateIsSaid(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS() // with a certificate that only its own client trusts
	t.Cleanup(server.Close)
	for name, checker := range map[string]Checker{
		"LinkedIn":       App(accounts.DefaultApp, nil, linkedin.Config{APIURL: server.URL, AuthURL: server.URL}),
		"analysis":       Analysis(nil, server.URL),
		"language model": LLM(nil, server.URL),
		"notification":   Notification(server.URL),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checks := checker.Run(t.Context())
			require.Len(t, checks, 1)
			require.Equal(t, Failed, checks[0].State)
			require.Contains(t, checks[0].Detail, "can be reached, but its certificate comes from an authority that is not known here")
			require.Equal(t, badCertificate, checks[0].Remedy)
		})
	}
}

func TestAHostThatCanNotBeReachedIsSaid(t *testing.T) {
	t.Parallel()
	checks := Notification("http://127.0.0.1:1").Run(t.Context())
	require.Equal(t, Failed, checks[0].State)
	require.Equal(t, "Its host 127.0.0.1:1 can't be reached from here.", checks[0].Detail)
	require.Contains(t, checks[0].Remedy, "--notification-url")
}
