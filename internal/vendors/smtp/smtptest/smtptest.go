// Package smtptest is a real mail server for tests, by go-smtp: it keeps what it takes. It must not know what is tested. Only tests
// import it.
package smtptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// Received is what the server took.
type Received struct {
	From, User string
	To         []string
	Encrypted  bool
	Data       string
}

// Server is a real one, by go-smtp: a session a connection.
type Server struct {
	mu    sync.Mutex
	taken []Received
	// Refuse is asked what the server says to each step, MAIL, RCPT or DATA, with what is in it; nil takes everything.
	Refuse func(stage, argument string) error
	Port   string
	Roots  *x509.CertPool // that trust its certificate
}

// NewSession implements gosmtp.Backend.
func (m *Server) NewSession(c *gosmtp.Conn) (gosmtp.Session, error) {
	_, encrypted := c.TLSConnectionState()
	return &session{server: m, mail: Received{Encrypted: encrypted}}, nil
}

// Taken is every message that the server took.
func (m *Server) Taken() []Received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken
}

type session struct {
	server *Server
	mail   Received
}

func (s *session) check(stage, argument string) error {
	if s.server.Refuse == nil {
		return nil
	}
	return s.server.Refuse(stage, argument)
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != User || password != Password {
			return gosmtp.ErrAuthFailed
		}
		s.mail.User = username
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	s.mail.From = from
	return s.check("MAIL", from)
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.mail.To = append(s.mail.To, to)
	return s.check("RCPT", to)
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.check("DATA", string(data)); err != nil {
		return err
	}
	s.mail.Data = string(data)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.taken = append(s.server.taken, s.mail)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// certificate is one for localhost and 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T, host string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// Offer is how a server can be encrypted.
type Offer int

// The offers.
const (
	Nothing Offer = iota
	STARTTLS
	TLS
)

// The login that a server takes; it must stand in a URL as UserInfo.
const (
	User     = "postwright"
	Password = "p@ss/word"
	UserInfo = "postwright:p%40ss%2Fword"
)

// Serve runs one until the test ends, with a certificate for a host.
func Serve(t *testing.T, with Offer, certified string) *Server {
	t.Helper()
	m := &Server{}
	server := gosmtp.NewServer(m)
	server.Domain, server.AllowInsecureAuth = "localhost", true
	server.ErrorLog = silent{}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, m.Port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	var own tls.Certificate
	own, m.Roots = certificate(t, certified)
	cfg := &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	switch with {
	case Nothing:
	case STARTTLS:
		server.TLSConfig = cfg
	case TLS:
		listener = tls.NewListener(listener, cfg)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // it ends with Close
	t.Cleanup(func() { _ = server.Close(); serving.Wait() })
	return m
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
