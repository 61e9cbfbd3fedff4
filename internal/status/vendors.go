package status

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// dialTimeout bounds how long a host may take to be reached.
const dialTimeout = 5 * time.Second

// reach opens a connection to a vendor's host, with TLS where calls have it, and closes it again.
func reach(ctx context.Context, base string) (problem, remedy string, known bool) {
	at, err := url.Parse(base)
	if err != nil {
		return "has an address that can't be read.", "", true
	}
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: at}); err != nil || proxy != nil {
		return "its calls go through a proxy", "", false
	}
	port := at.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[at.Scheme]
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = &net.Dialer{}
	if at.Scheme == "https" {
		dialer = &tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(at.Hostname(), port))
	if problem := outbound.CertificateProblem(err); problem != "" {
		return at.Host + " can be reached, but " + problem + ".", badCertificate, true
	}
	if err != nil {
		return at.Host + " can't be reached from here.", "", true
	}
	_ = conn.Close() // it was opened to be closed
	return "", "", true
}

const badCertificate = "Nothing is sent to a host whose certificate is not valid: mend this, or the address, before anything else."

// checkHosts says of the first host that can't be reached, or whether it can be known at all; ok is true when all can be.
func checkHosts(ctx context.Context, name, flags string, bases ...string) (checks []Check, ok bool) {
	for _, base := range bases {
		problem, remedy, known := reach(ctx, base)
		switch {
		case !known:
			return nil, true // a call will show it
		case problem != "":
			return single(name, Failed, "Its host "+problem, cmp.Or(remedy, "Look at the network, a firewall or a proxy, and at "+flags+".")), false
		}
	}
	return nil, true
}

// App checks whether LinkedIn's hosts can be reached, and whether it knows the app's client id and secret.
func App(app string, client *linkedin.Client, cfg linkedin.Config) Checker {
	name := "linkedin app"
	if app != accounts.DefaultApp {
		name += " " + app
	}
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		if checks, ok := checkHosts(ctx, name, "--linkedin-api-url and --linkedin-auth-url", cfg.APIURL, cfg.AuthURL); !ok {
			return checks
		}
		if cfg.ClientID == "" {
			return single(name, Warning, "No app is set: members can't consent, and what their tokens may do is not known.",
				"Set "+accounts.SettingsOf(app).App+" to those of your LinkedIn app.")
		}
		// LinkedIn answers about any token, also one that it never gave, when it accepts the app.
		_, err := client.Introspect(ctx, "postwright-doctor")
		switch {
		case err == nil:
			return single(name, OK, "LinkedIn can be reached and accepts the app's client id and secret.", "")
		case fault.Of(err).Reason == outbound.ReasonBadCertificate: // through a proxy
			return single(name, Failed, fault.Of(err).Message, badCertificate)
		case fault.Is(err, fault.VendorAuth):
			return single(name, Failed, "LinkedIn does not accept the app's client id and secret.",
				"Compare "+accounts.SettingsOf(app).App+" with the page of your LinkedIn app.")
		}
		return single(name, Unknown, fault.Of(err).Message, "")
	}}
}

// Analysis checks whether the analysis API answers and accepts its token.
func Analysis(client *analysisapi.Client, base string) Checker {
	const name = "analysis"
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		if checks, ok := checkHosts(ctx, name, "--analysis-url", base); !ok {
			return checks
		}
		_, err := client.Sentiment(ctx, "Is anybody there?")
		switch {
		case err == nil:
			return single(name, OK, "The analysis service answers.", "")
		case fault.Of(err).Reason == outbound.ReasonBadCertificate: // through a proxy
			return single(name, Failed, fault.Of(err).Message, badCertificate)
		case fault.Is(err, fault.VendorAuth):
			return single(name, Failed, "The analysis service does not accept the token.", "Set POSTWRIGHT_ANALYSIS_TOKEN to a valid one.")
		}
		return single(name, Failed, fault.Of(err).Message, "Look whether the service at --analysis-url runs.")
	}}
}

// Notification checks whether the notification API can be reached. Whether it accepts its token only a message shows.
func Notification(base string) Checker {
	const name = "notification"
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		if checks, ok := checkHosts(ctx, name, "--notification-url", base); !ok {
			return checks
		}
		if _, _, known := reach(ctx, base); !known {
			return single(name, Unknown, "Its calls go through a proxy, and only a message would show whether they arrive.", "")
		}
		return single(name, OK, "Its host can be reached; whether it accepts the token shows when a message is sent.", "")
	}}
}
