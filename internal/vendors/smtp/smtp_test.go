package smtp_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/smtp"
	"github.com/postwright/postwright/internal/vendors/smtp/smtptest"
)

// watched counts the connections.
type watched struct {
	outbound.Unobserved
	mu            sync.Mutex
	tried, failed int
}

func (w *watched) Attempt(vendor, _ string, _ time.Duration, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if vendor == smtp.Vendor {
		w.tried++
	}
	if failed {
		w.failed++
	}
}

func newSeam(t *testing.T, policies outbound.Policies, seen outbound.Observer) *outbound.Seam {
	t.Helper()
	seam := outbound.New(outbound.Defaults(), policies, seen, slog.New(slog.DiscardHandler))
	t.Cleanup(seam.Close)
	return seam
}

func unwatched(t *testing.T) *outbound.Seam {
	t.Helper()
	return newSeam(t, outbound.DefaultPolicies(), outbound.Unobserved{})
}

func newClient(t *testing.T, m *smtptest.Server, url string, roots *x509.CertPool) (*smtp.Client, *watched) {
	t.Helper()
	seen := &watched{}
	client, err := smtp.New(smtp.Config{
		URL: strings.ReplaceAll(url, "PORT", m.Port), From: "Postwright <posts@münchen.example>", Roots: roots,
	}, newSeam(t, outbound.DefaultPolicies(), seen), time.Now)
	require.NoError(t, err)
	return client, seen
}

func TestAMailArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		offers    smtptest.Offer
		url       string
		user      string
		encrypted bool
	}{
		"STARTTLS with a login":             {smtptest.STARTTLS, "smtp://postwright:p%40ss%2Fword@localhost:PORT?tls=required", "postwright", true},
		"STARTTLS":                          {smtptest.STARTTLS, "smtp://localhost:PORT?tls=required", "", true},
		"TLS with a login":                  {smtptest.TLS, "smtps://postwright:p%40ss%2Fword@localhost:PORT", "postwright", true},
		"this machine, without TLS":         {smtptest.STARTTLS, "smtp://localhost:PORT", "", false},
		"this machine, login and no TLS":    {smtptest.Nothing, "smtp://postwright:p%40ss%2Fword@localhost:PORT", "postwright", false},
		"this machine by its address alone": {smtptest.Nothing, "smtp://127.0.0.1:PORT?tls=none", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := smtptest.Serve(t, c.offers, "localhost")
			client, seen := newClient(t, m, c.url, m.Roots)

			require.NoError(t, client.SendMail(t.Context(), "ada@example.org", "Grüße, 世界", "One\n.\nTwo — ü", "<p>One</p>"))

			require.Len(t, m.Taken(), 1)
			got := m.Taken()[0]
			require.Equal(t, "posts@xn--mnchen-3ya.example", got.From)
			require.Equal(t, []string{"ada@example.org"}, got.To)
			require.Equal(t, c.user, got.User)
			require.Equal(t, c.encrypted, got.Encrypted)
			require.Equal(t, c.encrypted, client.Guarded())
			parsed, err := mail.ReadMessage(strings.NewReader(got.Data))
			require.NoError(t, err)
			subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
			require.NoError(t, err)
			require.Equal(t, "Grüße, 世界", subject)
			require.Equal(t, "auto-generated", parsed.Header.Get("Auto-Submitted"))
			require.Contains(t, parsed.Header.Get("Message-ID"), "@xn--mnchen-3ya.example>")
			require.Equal(t, []string{"One\r\n.\r\nTwo — ü", "<p>One</p>"}, parts(t, parsed))
			require.Equal(t, 1, seen.tried)
			require.Zero(t, seen.failed)
		})
	}
}

// parts are the texts of a message with several.
func parts(t *testing.T, m *mail.Message) (texts []string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := r.NextPart() // it decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return texts
		}
		require.NoError(t, err)
		text, err := io.ReadAll(part)
		require.NoError(t, err)
		texts = append(texts, strings.TrimRight(string(text), "\r\n"))
	}
}

// What is to be encrypted is encrypted, or not sent; a login is told to nobody whose certificate is not trusted.
func TestWhatIsToBeEncryptedGoesNoOtherWay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		offers    smtptest.Offer
		certified string
		trusted   bool
		url       string
		reason    string
	}{
		"STARTTLS is not offered":        {smtptest.Nothing, "localhost", true, "smtp://localhost:PORT?tls=required", ""},
		"STARTTLS, an unknown authority": {smtptest.STARTTLS, "localhost", false, "smtp://localhost:PORT?tls=required", outbound.ReasonBadCertificate},
		"STARTTLS, of another host":      {smtptest.STARTTLS, "other.example", true, "smtp://localhost:PORT?tls=required", outbound.ReasonBadCertificate},
		"TLS, an unknown authority":      {smtptest.TLS, "localhost", false, "smtps://localhost:PORT", outbound.ReasonBadCertificate},
		"TLS is not spoken":              {smtptest.Nothing, "localhost", true, "smtps://localhost:PORT", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := smtptest.Serve(t, c.offers, c.certified)
			roots := x509.NewCertPool()
			if c.trusted {
				roots = m.Roots
			}
			client, seen := newClient(t, m, c.url, roots)
			err := client.SendMail(t.Context(), "ada@example.org", "Hello", "Text", "")
			f := fault.Of(err)
			require.Equal(t, fault.VendorUnavailable, f.Kind, "%v", err)
			require.Equal(t, c.reason, f.Reason)
			require.False(t, f.Doubt)
			require.Empty(t, m.Taken())
			require.Equal(t, 1, seen.failed)
			require.Error(t, client.Greet(t.Context()))
		})
	}
}

func TestWhatTheServerSaysIsAFault(t *testing.T) {
	t.Parallel()
	answer := func(stage string, code int) func(string, string) error {
		return func(at, _ string) error {
			if at != stage {
				return nil
			}
			return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCodeNotSet, Message: "Says the server"}
		}
	}
	for name, c := range map[string]struct {
		refuse func(stage, argument string) error
		kind   fault.Kind
		status int
	}{
		"no such mailbox":     {answer("RCPT", 550), fault.VendorRejected, 550},
		"a full mailbox":      {answer("RCPT", 452), fault.RateLimited, 452},
		"greylisting":         {answer("RCPT", 451), fault.RateLimited, 451},
		"a sender it rejects": {answer("MAIL", 553), fault.VendorRejected, 553},
		"spam":                {answer("DATA", 554), fault.VendorRejected, 554},
		"a passing failure":   {answer("DATA", 454), fault.VendorUnavailable, 454},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := smtptest.Serve(t, smtptest.Nothing, "localhost")
			m.Refuse = c.refuse
			client, _ := newClient(t, m, "smtp://localhost:PORT", nil)
			err := client.SendMail(t.Context(), "ada@example.org", "Hello", "Text", "")
			f := fault.Of(err)
			require.Equal(t, c.kind, f.Kind, "%v", err)
			require.Equal(t, c.status, f.Answer.Status)
			require.Contains(t, f.Message, "Says the server")
			require.False(t, f.Doubt)
		})
	}
	t.Run("a wrong password", func(t *testing.T) {
		t.Parallel()
		m := smtptest.Serve(t, smtptest.TLS, "localhost")
		client, _ := newClient(t, m, "smtps://postwright:hunter2@localhost:PORT", m.Roots)
		err := client.SendMail(t.Context(), "ada@example.org", "Hello", "Text", "")
		require.Equal(t, fault.VendorAuth, fault.Of(err).Kind, "%v", err)
		require.NotContains(t, err.Error(), "hunter2")
		require.Equal(t, fault.VendorAuth, fault.Of(client.Greet(t.Context())).Kind)
	})
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		client, err := smtp.New(smtp.Config{URL: "smtp://127.0.0.1:1", From: "a@example.org"}, unwatched(t), time.Now)
		require.NoError(t, err)
		f := fault.Of(client.SendMail(t.Context(), "ada@example.org", "Hello", "Text", ""))
		require.Equal(t, fault.VendorUnavailable, f.Kind)
		require.False(t, f.Doubt)
	})
}

// Who says nothing, whenever that begins, is waited for no longer than all of it may take; once the server has the whole message, it is
// in doubt whether it went out.
func TestAServerThatFallsSilentIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for stage, doubt := range map[string]bool{"MAIL": false, "RCPT": false, "DATA": true} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			m := smtptest.Serve(t, smtptest.Nothing, "localhost")
			m.Refuse = func(at, _ string) error {
				if at == stage {
					cancel() // as the time-out does
					<-release
				}
				return nil
			}
			client, _ := newClient(t, m, "smtp://localhost:PORT", nil)
			f := fault.Of(client.SendMail(ctx, "ada@example.org", "Hello", "Text", ""))
			require.Equal(t, fault.VendorUnavailable, f.Kind)
			require.Equal(t, doubt, f.Doubt)
		})
	}
}

// Whatever stands in an address or a subject, the message has the headers that it is to have, and no others, and one recipient.
func TestNothingWritesAnotherHeader(t *testing.T) {
	t.Parallel()
	m := smtptest.Serve(t, smtptest.Nothing, "localhost")
	client, _ := newClient(t, m, "smtp://localhost:PORT", nil)
	parts := rapid.SampledFrom(
		[]string{"a", "\r", "\n", "\r\n", "Bcc: x@example.com", "\x00", "\u0085", "\u2028", ":", "=?utf-8?q?", "?=", "ü", " ", "\t", "@",
			strings.Repeat("long ", 40), "<", ">", ",", `"`},
	)
	rapid.Check(t, func(t *rapid.T) {
		subject := strings.Join(rapid.SliceOfN(parts, 0, 8).Draw(t, "subject"), "")
		to := rapid.OneOf(rapid.Just("ada@example.org"), rapid.Map(rapid.SliceOfN(parts, 1, 6), func(p []string) string {
			return "ada" + strings.Join(p, "") + "@example.org"
		})).Draw(t, "to")
		before := len(m.Taken())
		if err := client.SendMail(context.Background(), to, subject, "Text\r\nBcc: y@example.com", ""); err != nil {
			return
		}
		require.Len(t, m.Taken(), before+1)
		got := m.Taken()[before]
		require.Len(t, got.To, 1)
		parsed, err := mail.ReadMessage(strings.NewReader(got.Data))
		require.NoError(t, err)
		for name, values := range parsed.Header {
			require.Contains(t, []string{
				"From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Auto-Submitted", "User-Agent", "X-Mailer", "Content-Type",
				"Content-Transfer-Encoding",
			}, name)
			require.Len(t, values, 1)
		}
	})
	require.NotEmpty(t, m.Taken())
	require.Equal(t, fault.Invalid, fault.Of(client.SendMail(t.Context(), "ada@example.org", "a\r\nBcc: x@example.com", "", "")).Kind)
	require.Equal(t, fault.Invalid, fault.Of(client.SendMail(t.Context(), "ada@example.org>\r\nRCPT TO:<x@example.com", "a", "", "")).Kind)
}

func TestEverySettingThatCantWorkIsToldWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for url, problem := range map[string]string{
		"":                                    "must be smtp://",
		"mail.example.org:587":                "must be smtp://",
		"http://mail.example.org":             "must be smtp://",
		"smtp://:587":                         "must be smtp://",
		"smtp://u:hunter2@mail.example.org:x": "must be smtp://",
		"smtp://u:hunter2@mail.example.org:99999":             "port",
		"smtp://u:hunter2@mail.example.org/path":              "must be smtp://",
		"smtp://u:hunt%er2@mail.example.org":                  "must be smtp://",
		"smtp://u:hunter2@mail.example.org?tls=maybe":         "?tls=",
		"smtp://u:hunter2@mail.example.org?starttls=no":       "?tls=",
		"smtp://u:hunter2@mail.example.org?tls=none&tls=none": "?tls=",
		"smtps://u:hunter2@mail.example.org?tls=none":         "?tls=",
		"smtp://u:hunter2@mail.example.org?tls=none":          "in the clear",
		"smtp://u@mail.example.org":                           "neither",
		"smtp://:hunter2@mail.example.org":                    "neither",
	} {
		_, err := smtp.New(smtp.Config{URL: url, From: "not an address"}, unwatched(t), time.Now)
		fields := fault.Of(err).Fields
		require.Len(t, fields, 2, url)
		require.Equal(t, smtp.URLSetting, fields[0].Path)
		require.Contains(t, fields[0].Problem, problem, url)
		require.NotContains(t, fields[0].Problem, "hunter2")
		require.Equal(t, smtp.FromSetting, fields[1].Path)
	}
	for _, url := range []string{
		"smtp://mail.example.org", "smtp://u:p@mail.example.org:25", "smtps://u:p@mail.example.org", "smtp://mail.example.org:25?tls=none",
		"smtp://u:p@[::1]:25", "smtp://u:p@mail.example.org/?tls=required", "smtps://mail.example.org?tls=required",
	} {
		require.Empty(t, smtp.Config{URL: url, From: "a@example.org"}.Faults(), url)
	}
}
