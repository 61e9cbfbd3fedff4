package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/wneessen/go-mail"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
)

// The operations, as they are called in metrics and faults.
const (
	operationSend  = "send"
	operationGreet = "greet"
)

const (
	mostConnections = 5       // at once; more wait
	mostHeard       = 1 << 20 // bytes of what the server says in one connection

	// welcomeTimeout is how long it may take until the server would take a message. Whoever says nothing at all is seldom slow: they are
	// behind a firewall, or down.
	welcomeTimeout = 10 * time.Second
	// commandTimeout is longer than all of it may take: the context ends it.
	commandTimeout = time.Hour
)

// Client hands e-mails to one server, each over a connection of its own. It is safe for concurrent use.
type Client struct {
	cfg     Config
	server  server
	from    sender
	gate    *outbound.Gate
	welcome time.Duration
	now     func() time.Time
}

// New returns a Client, whose connections are calls to a vendor like others. A faulty configuration is an Invalid fault.
func New(cfg Config, seam *outbound.Seam, now func() time.Time) (*Client, error) {
	if err := fault.Fields(cfg.Faults()...); err != nil {
		return nil, err
	}
	server, _ := readURL(cfg.URL)
	from, _ := readFrom(cfg.From)
	gate := seam.Gate(Vendor, server.host, mostConnections)
	return &Client{cfg: cfg, server: server, from: from, gate: gate, welcome: welcomeTimeout, now: now}, nil
}

// Host is the server's, for people.
func (c *Client) Host() string { return c.server.host }

// Guarded reports whether what is sent is encrypted on its way to the server.
func (c *Client) Guarded() bool { return c.server.tls != unguarded }

// SendMail hands over one e-mail: as text, and as HTML too unless that is empty. A fault with Doubt set means that the server may
// have taken it.
func (c *Client) SendMail(ctx context.Context, to, subject, text, html string) error {
	m, err := c.compose(to, subject, text, html)
	if err != nil {
		return err
	}
	return c.connected(ctx, operationSend, func(client *mail.Client) error {
		if err := client.Send(m); err != nil && !m.IsDelivered() { // what goes wrong after it was taken changes nothing
			return err
		}
		return nil
	})
}

// Greet connects, with TLS and password where they are set, and leaves again: it shows whether the server would take anything.
func (c *Client) Greet(ctx context.Context) error {
	return c.connected(ctx, operationGreet, func(*mail.Client) error { return nil })
}

// compose makes the message. Whoever gives a line break where one line belongs would write headers, or commands: it is refused here
// too, though no caller may come so far with one.
func (c *Client) compose(to, subject, text, html string) (*mail.Msg, error) {
	if strings.ContainsAny(to+subject, "\r\n\x00") {
		return nil, fault.New(fault.Invalid, "The address and the subject must be one line.")
	}
	m := mail.NewMsg()
	m.SetDateWithValue(c.now())
	m.SetMessageIDWithValue(uuid.NewString() + "@" + c.from.address.Domain())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's absence is told to us
	from := netmail.Address{Name: c.from.name, Address: c.from.address.Envelope()}
	if err := errors.Join(m.From(from.String()), m.To(to)); err != nil {
		return nil, fault.New(fault.VendorRejected, "The address is not one that a mail server takes.").WithCause(err)
	}
	m.Subject(subject)
	m.SetBodyString(mail.TypeTextPlain, text)
	if html != "" {
		m.AddAlternativeString(mail.TypeTextHTML, html)
	}
	return m, nil
}

// connected does something on a connection to the server, within the time that all of it may take, unless the server is left alone.
func (c *Client) connected(ctx context.Context, operation string, do func(*mail.Client) error) error {
	return c.gate.Call(ctx, operation, func(ctx context.Context) error {
		if err := c.dialAnd(ctx, do); err != nil {
			return c.fault(operation, err)
		}
		return nil
	})
}

func (c *Client) dialAnd(ctx context.Context, do func(*mail.Client) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client, err := mail.NewClient(c.server.host, c.options(ctx)...)
	if err != nil {
		return err
	}
	unwelcome := time.AfterFunc(c.welcome, cancel)
	err = client.DialWithContext(ctx)
	unwelcome.Stop() // where it was too late, the connection is closed
	if err != nil {
		_ = client.Close() // there may be none
		return dialError{err}
	}
	defer func() { _ = client.Close() }() // what was to be done is done, or has failed
	return do(client)
}

// dialError is of a connection on which no message was sent yet.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

func (c *Client) options(ctx context.Context) []mail.Option {
	trust := &tls.Config{ServerName: c.server.host, RootCAs: c.cfg.Roots, MinVersion: tls.VersionTLS12}
	options := []mail.Option{
		mail.WithPort(c.server.port), mail.WithTimeout(commandTimeout), mail.WithTLSConfig(trust), mail.WithDialContextFunc(c.dialer(ctx, trust)),
		mail.WithoutNoop(),
	}
	switch c.server.tls {
	case startTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case unguarded:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case implicit: // the dialer has begun with it; nothing else has go-mail notice, and let a password through
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	}
	if c.server.user == "" {
		return options
	}
	method := mail.SMTPAuthAutoDiscover
	if c.server.tls == unguarded { // to this machine alone; the choice of go-mail's would be none of those that show a password
		method = mail.SMTPAuthPlainNoEnc
	}
	return append(options, mail.WithUsername(c.server.user), mail.WithPassword(c.server.password), mail.WithSMTPAuth(method))
}

// dialer opens connections that end with ctx, whatever deadline go-mail sets anew with each command, and on which the server can't
// talk for ever.
func (c *Client) dialer(ctx context.Context, trust *tls.Config) mail.DialContextFunc {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		plain, err := new(net.Dialer).DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = plain.Close() }) // its user finds out
		bounded := &boundedConn{Conn: plain, heard: io.LimitReader(plain, mostHeard), stop: stop}
		if c.server.tls != implicit {
			return bounded, nil
		}
		guarded := tls.Client(bounded, trust)
		if err := guarded.HandshakeContext(dialing); err != nil {
			_ = bounded.Close()
			return nil, err
		}
		return guarded, nil
	}
}

type boundedConn struct {
	net.Conn
	heard io.Reader
	stop  func() bool
}

// Read implements net.Conn.
func (b *boundedConn) Read(p []byte) (int, error) { return b.heard.Read(p) }

// Close implements net.Conn.
func (b *boundedConn) Close() error {
	b.stop()
	return b.Conn.Close()
}

// fault says what an error means: what surely did not reach the server, what it refuses, and what is in doubt.
func (c *Client) fault(operation string, err error) error {
	if problem, distrusted := outbound.CertificateProblem(err); distrusted {
		f := fault.New(fault.VendorUnavailable, "The mail server was not trusted: "+problem+".").WithReason(outbound.ReasonBadCertificate)
		return f.WithCause(err)
	}
	status, said := answerOf(err)
	f := fault.New(fault.VendorUnavailable, "The mail server could not be reached, or broke off.").WithCause(err)
	f.Answer = &fault.Answer{Vendor: Vendor, Operation: operation, Status: status, Message: fault.Clip(said, 2<<10)}
	var sending *mail.SendError
	switch dialing := errors.As(err, &dialError{}); {
	case dialing && (status == 534 || status == 535):
		f.Kind, f.Message = fault.VendorAuth, "The mail server does not accept the user and password of --smtp-url."
	case status == 421 || status == 450 || status == 451 || status == 452:
		f.Kind, f.Message = fault.RateLimited, "The mail server takes no more for now: "+fault.Clip(said, mostShown)
	case status >= 500 && dialing:
		f.Kind, f.Message = fault.VendorRejected, "The mail server takes nothing from here: "+fault.Clip(said, mostShown)
	case status >= 500:
		f.Kind, f.Message = fault.VendorRejected, "The mail server refuses the message: "+fault.Clip(said, mostShown)
	case status >= 400:
		f.Message = "The mail server does not take it for now: " + fault.Clip(said, mostShown)
	case dialing && !brokeOff(err):
		f.Message = "The mail server offers no encryption, or no login, as --smtp-url asks for."
	case errors.As(err, &sending) && sending.Reason == mail.ErrSMTPDataClose: // it had all of it
		f.Doubt, f.Message = true, "The mail server did not say whether it took the message."
	}
	return f
}

// mostShown is how much of what the server says a user is told, in bytes.
const mostShown = 300

// brokeOff tells a connection that failed, or was given up, from a server that does not do what it is to.
func brokeOff(err error) bool {
	return errors.As(err, new(net.Error)) || errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// answerOf is what the server said, where an error holds that; 0 where it does not.
func answerOf(err error) (status int, said string) {
	var sending *mail.SendError
	var answer *textproto.Error
	switch {
	case errors.As(err, &answer):
		return answer.Code, answer.Msg
	case errors.As(err, &sending) && sending.ErrorCode() >= 400:
		return sending.ErrorCode(), sending.Error()
	}
	return 0, ""
}
