package status

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/linkedin"
	"github.com/postwright/postwright/internal/vendors/llmapi"
)

// dialTimeout bounds how long a host may take to be reached.
const dialTimeout = 5 * time.Second

// reach opens a connection to a vendor's host, with TLS where calls have it, and closes it again. Through a proxy that would say
// nothing: only a call shows then whether the host can be reached.
func reach(ctx context.Context, base string) Check {
	at, err := url.Parse(base)
	if err != nil {
		return Check{State: Failed, Detail: "Its host has an address that can't be read."}
	}
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: at}); err != nil || proxy != nil {
		return Check{State: Unknown, Detail: "Its calls go through a proxy."}
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
	if problem, distrusted := outbound.CertificateProblem(err); distrusted {
		return Check{State: Failed, Detail: "Its host " + at.Host + " can be reached, but " + problem + ".", Remedy: badCertificate}
	}
	if err != nil {
		return Check{State: Failed, Detail: "Its host " + at.Host + " can't be reached from here."}
	}
	_ = conn.Close() // it was opened to be closed
	return Check{State: OK, Detail: "Its host can be reached."}
}

const badCertificate = "Nothing is sent to a host whose certificate is not valid: mend this, or the address, before anything else."

// checkHosts says how the first host stands that can not surely be reached, or else that all can be.
func checkHosts(ctx context.Context, name, flags string, bases ...string) (c Check) {
	for _, base := range bases {
		if c = reach(ctx, base); c.State != OK {
			break
		}
	}
	c.Name = name
	if c.State == Failed {
		c.Remedy = cmp.Or(c.Remedy, "Look at the network, a firewall or a proxy, and at "+flags+".")
	}
	return c
}

// App checks whether LinkedIn's hosts can be reached, and whether it knows the app's client id and secret.
func App(app string, client *linkedin.Client, cfg linkedin.Config) Checker {
	name := "linkedin app"
	if app != accounts.DefaultApp {
		name += " " + app
	}
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		if c := checkHosts(ctx, name, "--linkedin-api-url and --linkedin-auth-url", cfg.APIURL, cfg.AuthURL); c.State == Failed {
			return []Check{c}
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
		if c := checkHosts(ctx, name, "--analysis-url", base); c.State == Failed {
			return []Check{c}
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

// LLM checks whether the language model's server accepts its token and has the model. It asks for its list of models, which costs
// nothing, and not the model, which does. Ollama lists a model without a tag as name:latest.
func LLM(client *llmapi.Client, base string) Checker {
	const name = "analysis llm"
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		if c := checkHosts(ctx, name, "--llm-url", base); c.State == Failed {
			return []Check{c}
		}
		models, err := client.Models(ctx)
		switch f := fault.Of(err); {
		case err == nil && (slices.Contains(models, client.Model()) || slices.Contains(models, client.Model()+":latest")):
			return single(name, OK, "The language model's server answers and has the model "+client.Model()+".", "")
		case err == nil:
			return single(name, Warning, "The language model's server answers, but does not list the model "+client.Model()+".",
				"Set --llm-model to one that it has.")
		case f.Reason == outbound.ReasonBadCertificate: // through a proxy
			return single(name, Failed, f.Message, badCertificate)
		case f.Kind == fault.VendorAuth:
			return single(name, Failed, "The language model's server does not accept the token.", "Set POSTWRIGHT_LLM_TOKEN to a valid one.")
		case f.Kind == fault.VendorRejected, f.Reason == outbound.ReasonBadAnswer:
			return single(name, Unknown, "The language model's server can be reached, but does not list its models: only a question would show more.", "")
		}
		return single(name, Failed, fault.Of(err).Message, "Look whether the server at --llm-url runs.")
	}}
}

// BuiltinAnalysis tells of the engine that is part of this program, and so can't be away.
func BuiltinAnalysis() Checker {
	const name = "analysis builtin"
	return Checker{Name: name, Run: func(context.Context) []Check {
		return single(name, OK, "Texts are analysed by the built-in rules, which need no network and read English only.", "")
	}}
}

// WithFallback makes a failure a warning where another engine is asked then.
func WithFallback(checker Checker, next string) Checker {
	run := checker.Run
	checker.Run = func(ctx context.Context) []Check {
		checks := run(ctx)
		for i := range checks {
			if checks[i].State == Failed {
				checks[i].State = Warning
				checks[i].Detail += " Texts go to the next engine meanwhile: " + next + "."
			}
		}
		return checks
	}
	return checker
}

// Notification checks whether the notification API can be reached. Whether it accepts its token only a message shows.
func Notification(base string) Checker {
	const name = "notification"
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		c := checkHosts(ctx, name, "--notification-url", base)
		switch c.State {
		case Unknown:
			c.Detail = "Its calls go through a proxy, and only a message would show whether they arrive."
		case OK:
			c.Detail = "Its host can be reached; whether it accepts the token shows when a message is sent."
		}
		return []Check{c}
	}}
}
