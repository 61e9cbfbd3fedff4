package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postwright/postwright/internal/fault"
)

// ReasonDatabaseRefuses marks the fault of a database that takes no connection with these settings, however often it is
// asked.
const ReasonDatabaseRefuses = "DATABASE_REFUSES"

// SQLSTATE codes of a connection that is refused until somebody changes something, besides those of faults.go.
const (
	codeUnknownSetting = "42704"
	codeWrongValue     = "22023"
	codeFixedSetting   = "55P02"
	codeNoConnections  = "55000" // ALLOW_CONNECTIONS false
)

func refuses(words string) *fault.Error {
	return fault.New(fault.Precondition, words).WithReason(ReasonDatabaseRefuses)
}

// connectFault says that the database can't be reached, or refuses to be. The cause may name host and user, never the password.
func connectFault(err error) error {
	if refused := refusal(err); refused != nil {
		return refused.WithCause(err)
	}
	return unreachable().WithCause(err)
}

// refusal is the fault of a connection that was tried and will fail until an operator changes something; nil for any other
// error. A URL may lead to several addresses: what one of them says goes before another's silence, and what passes before what
// does not.
func refusal(err error) *fault.Error {
	var connect *pgconn.ConnectError
	if !errors.As(err, &connect) {
		return nil
	}
	answers, silences := []string{}, []string{}
	for _, tried := range joined(connect.Unwrap()) {
		if words, answered := refusedAttempt(tried, connect.Config); answered {
			answers = append(answers, words)
		} else {
			silences = append(silences, words)
		}
	}
	if len(answers) == 0 {
		answers = silences
	}
	if len(answers) == 0 || slices.Contains(answers, "") {
		return nil
	}
	return refuses(answers[len(answers)-1]) // the last of them ended the attempts
}

// joined are the errors that errors.Join has made one of.
func joined(err error) []error {
	var several interface{ Unwrap() []error }
	if !errors.As(err, &several) {
		return []error{err}
	}
	var all []error
	for _, one := range several.Unwrap() {
		all = append(all, joined(one)...)
	}
	return all
}

// refusedAttempt says what an operator has to change after an attempt to connect, "" where another attempt may succeed, and
// whether somebody answered at all.
func refusedAttempt(err error, cfg *pgconn.Config) (words string, answered bool) {
	var answer *pgconn.PgError
	var name *net.DNSError
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &answer):
		return refusedStart(answer.Code, cfg), true
	case errors.As(err, &certificate):
		return "The database's certificate is not one that sslmode asks for: give the certificate's authority as sslrootcert in the database URL, and " +
			"the host by the name in the certificate.", true
	case errors.As(err, &name):
		if !name.IsNotFound { // such as a name server that does not answer
			return "", false
		}
		return "The database's host does not exist by the name in the database URL: correct it, or make the name known.", false
	case errors.As(err, &dial) && dial.Net == "unix" && errors.Is(err, fs.ErrPermission):
		return "The database's socket may not be opened: let this process into its folder, or give a host in the database URL.", false
	case overNetwork(err):
		return "", false
	case cfg.TLSConfig != nil && cfg.ValidateConnect == nil: // pgconn has no type for it, and all else has one
		return "The database does not take the connection as the database URL asks for it, which is with TLS: turn TLS on in the server (ssl = on), or " +
			"correct sslmode, channel_binding and require_auth in the URL.", true
	}
	return "", true
}

// overNetwork reports whether an attempt ended with the network or with its time, and not with what the other side said.
func overNetwork(err error) bool {
	var network net.Error // time limits are some, too
	return errors.As(err, &network) || errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// refusedStart is what an operator has to change after a SQLSTATE that answered the beginning of a connection; "" where it
// passes.
func refusedStart(code string, cfg *pgconn.Config) string {
	if words := refusedRole(code); words != "" {
		return words
	}
	settings := urlSettings(cfg.RuntimeParams)
	switch code {
	case codeUnknownSetting, codeWrongValue, codeFixedSetting:
		if settings == "" {
			return "The database does not take a setting that comes with the connection: correct what the role and the database set (ALTER ROLE … RESET, " +
				"ALTER DATABASE … RESET)."
		}
		return "The database does not know a setting in the database URL, or its value: correct them or take them out: " + settings + "."
	case codeNoRight: // no CONNECT, or a setting that only a superuser may make
		words := "The database refuses the role: run GRANT CONNECT ON DATABASE … TO …, or correct the names in the database URL"
		if settings != "" {
			words += "; or take out settings that only a superuser may make: " + settings
		}
		return words + "."
	case codeNoConnections:
		return "The database takes no connections: run ALTER DATABASE … ALLOW_CONNECTIONS true, or correct its name in the database URL."
	}
	return ""
}

// refusedRole is the same for a SQLSTATE that is about nothing but database and role.
func refusedRole(code string) string {
	switch code {
	case codeNoDatabase:
		return "The database does not exist: create it with `createdb`, or correct its name in --database-url."
	case codeWrongPassword:
		return "The database refuses the password, or the role: correct them in --database-url."
	case codeNotAuthorized:
		return "The database refuses the role: make it with `createuser`, correct it in --database-url, or let it in by the server's pg_hba.conf."
	}
	return ""
}

// ownSettings are those that Postwright makes itself: no URL brings them wrongly.
var ownSettings = []string{applicationName, clientEncoding, lockTimeout}

// urlSettings are the names of the settings that the URL brings.
func urlSettings(params map[string]string) string {
	var names []string
	for name, value := range params {
		if !slices.Contains(ownSettings, name) && (name != "timezone" || value != "UTC") { // the migrations'
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
