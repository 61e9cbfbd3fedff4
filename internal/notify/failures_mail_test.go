package notify

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/smtp"
	"github.com/postwright/postwright/internal/vendors/smtp/smtptest"
)

var update = flag.Bool("update", false, "write the table of docs/failures.md instead of comparing it")

// What becomes of a message when a mail server has a bad day is made to happen, and is what docs/failures.md says.
func TestBadDayOfAMailServer(t *testing.T) {
	t.Parallel()
	says := func(stage string, code int) func(string, string) error {
		return func(at, _ string) error {
			if at != stage {
				return nil
			}
			return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCodeNotSet, Message: "Says the server"}
		}
	}
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	giveUp := make(chan context.CancelFunc, 1) // of the call at hand
	silent := func(stage string) func(string, string) error {
		return func(at, _ string) error {
			if at == stage {
				(<-giveUp)() // as the time-out does
				<-release
			}
			return nil
		}
	}
	plain := "smtp://localhost:PORT"
	const leftAlone = "it is left alone, having failed several times in a row"
	var table strings.Builder
	table.WriteString("| what is wrong | it is | may have gone out | tried again after |\n|---|---|---|---|\n")
	for _, c := range []struct {
		what   string
		offer  smtptest.Offer
		url    string
		refuse func(stage, argument string) error
	}{
		{"the server can not be reached", smtptest.Nothing, "", nil},
		{leftAlone, smtptest.Nothing, "", nil},
		{"it offers no STARTTLS", smtptest.Nothing, "smtp://localhost:PORT?tls=required", nil},
		{"its certificate is not trusted", smtptest.TLS, "smtps://localhost:PORT", nil},
		{"it does not accept the login", smtptest.Nothing, "smtp://postwright:wrong@localhost:PORT", nil},
		{"it falls silent before it has the message", smtptest.Nothing, plain, silent("RCPT")},
		{"it falls silent once it has the message", smtptest.Nothing, plain, silent("DATA")},
		{"it takes no more for now (421, 450, 451, 452)", smtptest.Nothing, plain, says("RCPT", 451)},
		{"it has a passing failure (another 4xx)", smtptest.Nothing, plain, says("DATA", 454)},
		{"it knows no such mailbox (550)", smtptest.Nothing, plain, says("RCPT", 550)},
		{"it takes the message for spam (554)", smtptest.Nothing, plain, says("DATA", 554)},
	} {
		server := smtptest.Serve(t, c.offer, "localhost")
		server.Refuse = c.refuse
		url := strings.ReplaceAll(c.url, "PORT", server.Port)
		if url == "" {
			url = "smtp://" + deaf(t)
		}
		policies := outbound.DefaultPolicies()
		if c.what == leftAlone {
			policies.Breaker.Failures = 1
		}
		seam := outbound.New(outbound.Defaults(), policies, outbound.Unobserved{}, slog.New(slog.DiscardHandler))
		t.Cleanup(seam.Close)
		client, err := smtp.New(smtp.Config{URL: url, From: "posts@example.org"}, seam, time.Now)
		require.NoError(t, err)
		if c.what == leftAlone {
			require.Error(t, client.Greet(t.Context()))
		}
		ctx, cancel := context.WithCancel(t.Context())
		giveUp <- cancel
		_, err = MailChannel{Server: client}.Send(ctx, Message{Recipient: "ada@example.org", Subject: "Hello", Content: "Text"})
		select {
		case <-giveUp:
		default: // it was given up
		}
		cancel()
		f := fault.Of(err)
		require.NotNil(t, f, c.what)
		require.Empty(t, server.Taken(), c.what)
		doubt, after := "", "never: it is given up"
		if f.Doubt {
			doubt = "yes"
		}
		if wait := again(f, 1); wait > 0 {
			after = "1m, 5m, 30m, 2h, 6h"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", c.what, f.Kind, doubt, after)
	}
	const path, begin, end = "../../docs/failures.md", "<!-- mail server -->\n", "<!-- end of mail server -->"
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(page), begin)
	require.True(t, found)
	there, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+table.String()+end+after), 0o600))
		return
	}
	require.Equal(t, table.String(), there, "go test ./internal/notify -run BadDay -update writes it anew")
}

// deaf is an address at which nobody listens any more.
func deaf(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}
