// Package smtp hands e-mails to a mail server, and turns whatever that says into nothing or a fault.
//
// It owns how the server is named in settings and what must be encrypted. It must not know what people are told.
package smtp

import (
	"crypto/x509"
	"net"
	"net/mail"
	"net/url"
	"strconv"

	"github.com/postwright/postwright/internal/email"
	"github.com/postwright/postwright/internal/fault"
)

// Vendor is the mail server's name in metrics and faults.
const Vendor = "smtp"

// What the faults of a configuration are about.
const (
	URLSetting  = "SMTP URL"
	FromSetting = "SMTP sender"
)

// Config says how to reach the mail server, and who writes.
type Config struct {
	URL   string         // smtp://user:password@host:587 or smtps://host:465; it may hold a password
	From  string         // an address, or a name and an address: Postwright <posts@example.org>
	Roots *x509.CertPool // whose certificates are trusted; nil for the system's
}

// server is what a URL says.
type server struct {
	host           string
	port           int
	tls            encryption
	user, password string
}

type encryption int

const (
	startTLS  encryption = iota // plain at first; goes on with TLS, or not at all
	implicit                    // TLS from the first byte
	unguarded                   // none
)

// Faults lists everything that is wrong with the configuration. They hold nothing of the URL.
func (c Config) Faults() (faults []fault.Field) {
	if _, problem := readURL(c.URL); problem != "" {
		faults = append(faults, fault.Field{Path: URLSetting, Problem: problem})
	}
	if _, err := readFrom(c.From); err != nil {
		faults = append(
			faults,
			fault.Field{Path: FromSetting, Problem: "must be an address such as posts@example.org, or a name and an address such as " +
				"Postwright <posts@example.org>"},
		)
	}
	return faults
}

// readURL reads where the server is. A password crosses no network in the clear.
func readURL(text string) (s server, problem string) {
	const form = "must be smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465 (TLS), characters such as @ and / in " +
		"the password as %40 and %2F"
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return s, form
	}
	s.host, s.user = u.Hostname(), u.User.Username()
	s.password, _ = u.User.Password()
	local := s.host == "localhost" || net.ParseIP(s.host).IsLoopback()
	switch {
	case u.Scheme == "smtps":
		s.tls, s.port = implicit, 465
	case u.Scheme == "smtp" && local:
		s.tls, s.port = unguarded, 587
	case u.Scheme == "smtp":
		s.tls, s.port = startTLS, 587
	default:
		return s, form
	}
	if text := u.Port(); text != "" {
		if s.port, err = strconv.Atoi(text); err != nil || s.port < 1 || s.port > 65535 {
			return s, "must have a port from 1 to 65535"
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(query) > 1 || len(query) == 1 && len(query["tls"]) != 1 {
		return s, "may have ?tls=required or ?tls=none after it, and nothing else"
	}
	switch mode := query.Get("tls"); {
	case len(query) == 0:
	case mode == "required" && s.tls == unguarded:
		s.tls = startTLS
	case mode == "required":
	case mode == "none" && s.tls == startTLS:
		s.tls = unguarded
	case mode == "none" && s.tls == unguarded:
	default:
		return s, "may have ?tls=required or, with smtp://, ?tls=none after it"
	}
	if (s.user == "") != (s.password == "") {
		return s, "must have a user and a password, or neither"
	}
	if s.tls == unguarded && s.user != "" && !local {
		return s, "has ?tls=none and a password, which would cross the network in the clear: leave one of them out"
	}
	return s, ""
}

// sender is who writes.
type sender struct {
	name    string
	address email.Address
}

func readFrom(text string) (sender, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return sender{}, err
	}
	address, err := email.Parse(parsed.Address)
	return sender{parsed.Name, address}, err
}
