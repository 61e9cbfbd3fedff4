package status

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/smtp"
	"github.com/postwright/postwright/internal/vendors/smtp/smtptest"
)

// checkMail is what is said of a mail server, after so many looks.
func checkMail(t *testing.T, url string, looks int) Check {
	t.Helper()
	policies := outbound.DefaultPolicies()
	policies.Breaker.Failures = 1
	seam := outbound.New(outbound.Defaults(), policies, outbound.Unobserved{}, slog.New(slog.DiscardHandler))
	t.Cleanup(seam.Close)
	client, err := smtp.New(smtp.Config{URL: url, From: "posts@example.org"}, seam, time.Now)
	require.NoError(t, err)
	checker := MailServer(client)
	for range looks - 1 {
		checker.Run(t.Context())
	}
	checks := checker.Run(t.Context())
	require.Len(t, checks, 1)
	return checks[0]
}

func TestHowTheMailServerIsSaysTheCheck(t *testing.T) {
	t.Parallel()
	plain, guarded := smtptest.Serve(t, smtptest.Nothing, "localhost"), smtptest.Serve(t, smtptest.TLS, "localhost")
	for name, c := range map[string]struct {
		url    string
		looks  int
		state  State
		detail string
	}{
		"it answers":                     {"smtp://localhost:" + plain.Port, 1, OK, "localhost answers. Nothing is encrypted on the way to it."},
		"it takes the login":             {"smtp://" + smtptest.UserInfo + "@localhost:" + plain.Port, 1, OK, "localhost answers."},
		"it does not take the login":     {"smtp://postwright:no@localhost:" + plain.Port, 2, Failed, "does not accept the user and password"},
		"its certificate is not trusted": {"smtps://localhost:" + guarded.Port, 1, Failed, "was not trusted"},
		"nobody is there":                {"smtp://127.0.0.1:1", 1, Failed, "could not be reached, or broke off"},
		"it is left alone":               {"smtp://127.0.0.1:1", 2, Failed, "has failed several times in a row and is left alone for a moment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := checkMail(t, c.url, c.looks)
			require.Equal(t, c.state, check.State, check.Detail)
			require.Contains(t, check.Detail, c.detail)
			require.Equal(t, c.state == OK, check.Remedy == "")
		})
	}
}
