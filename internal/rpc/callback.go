package rpc

import (
	"cmp"
	"context"
	_ "embed"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/telemetry"
)

// CallbackPath is where a member's browser comes back to from LinkedIn's consent page.
const CallbackPath = "/oauth/linkedin/callback"

//go:embed callback.html
var callbackPage string

var callbackTemplate = template.Must(template.New("callback").Parse(callbackPage))

// callbackView is what the page shows.
type callbackView struct {
	Title, Text string
	Connected   bool // and able to publish, as far as is known
	declined    bool // by the member
	status      int  // of the answer
}

// NewCallback serves CallbackPath: it ends a consent and tells the member, who sits before a browser, how. State and code
// are secrets: they are never logged, and the page keeps the browser from handing them on. It asks for no key, so each
// address may come only so often, and is told late when it comes again and again with what nobody waits for. It belongs inside
// NewConnections.
func NewCallback(
	service *accounts.Service, timeout time.Duration, addresses *limit.Addresses, delay Delay, inFlight *InFlight,
	instruments Instrumentation,
) http.Handler {
	tracer := instruments.Traces.Tracer(tracerName)
	observer := newObserver(instruments)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(telemetry.WithRequestID(r.Context(), uuid.NewString()), timeout)
		defer cancel()
		ctx, span := tracer.Start(ctx, CallbackPath, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		began, header := time.Now(), w.Header()
		view, err := func() (callbackView, error) {
			if wait := addresses.Take(connectionOf(ctx).from); wait > 0 {
				f := fault.New(fault.OverLimit, "Too many consents came from your address.").WithReason(limit.ReasonAddress)
				f.RetryAfter = wait
				return failedConsent(f)
			}
			inFlight.begin()
			defer inFlight.end()
			return endConsent(ctx, service, r.URL.Query())
		}()
		tellRetry(header, err)
		took := time.Since(began)
		observer.Observe(CallbackPath, consentCode(err), took)
		observer.logConsent(ctx, view, took, err)
		if madeUp(err) {
			delay(ctx, uuid.Nil)
		}
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set(
			"Content-Security-Policy",
			"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
		)
		w.WriteHeader(view.status)
		_ = callbackTemplate.Execute(w, view) // a member who left learns nothing
	})
}

// tracerName names the tracer of the spans that connect does not make.
const tracerName = "github.com/postwright/postwright/internal/rpc"

// endConsent completes or abandons a consent by what LinkedIn sent the browser back with. Its error is for the log alone: the
// view tells the member.
func endConsent(ctx context.Context, service *accounts.Service, query map[string][]string) (callbackView, error) {
	one := func(name string) string {
		if values := query[name]; len(values) == 1 {
			return values[0]
		}
		return ""
	}
	state, code := one("state"), one("code")
	if refused := one("error"); code == "" && refused != "" {
		if err := service.Abandon(ctx, state, refused, one("error_description")); err != nil {
			return failedConsent(err)
		}
		return callbackView{
			Title:    "Nothing was connected",
			Text:     "You did not give your consent at LinkedIn. Nothing has changed.",
			declined: true,
			status:   http.StatusOK,
		}, nil
	}
	if state == "" || code == "" {
		return failedConsent(
			fault.New(fault.Precondition, "This address is where LinkedIn sends browsers back to, and this call did not come from there.").
				WithReason(accounts.ReasonStateUnknown),
		)
	}
	account, err := service.Complete(ctx, state, code)
	if err != nil {
		return failedConsent(err)
	}
	return connectedView(account, service.StandingNow(account), service.WantedScopes(account)), nil
}

// connectedView tells what can be done with an account: members can give less than they are asked for, and LinkedIn gives an app
// less than it asks for.
func connectedView(account accounts.Account, standing accounts.Standing, wanted []string) callbackView {
	view := callbackView{Title: account.DisplayName + " is connected", Connected: true, status: http.StatusOK}
	withheld := accounts.WithheldScopes(account, wanted)
	switch {
	case standing.CannotPublish != nil:
		view.Title, view.Connected = account.DisplayName+" is connected, but can't publish", false
		view.Text = standing.CannotPublish.String()
	case len(account.Scopes) == 0:
		view.Text = "LinkedIn did not say what the account may do. Whether Postwright can publish with it shows when it does."
	default:
		view.Text = "Postwright can publish with this account now."
	}
	if len(withheld) > 0 {
		view.Text += " Not everything that was asked for was given: " + strings.Join(withheld, ", ") + "."
	}
	view.Text += " You can close this page."
	return view
}

// statuses says how a fault reaches a browser.
var statuses = map[fault.Kind]int{
	fault.Precondition: http.StatusBadRequest, fault.Invalid: http.StatusBadRequest, fault.VendorRejected: http.StatusBadGateway,
	fault.VendorAuth: http.StatusBadGateway, fault.VendorUnavailable: http.StatusBadGateway, fault.RateLimited: http.StatusServiceUnavailable,
	fault.Unavailable: http.StatusServiceUnavailable, fault.Busy: http.StatusServiceUnavailable,
	fault.Deadline: http.StatusGatewayTimeout, fault.Canceled: http.StatusGatewayTimeout,
}

// failedConsent tells the member of a fault as far as it is theirs to know.
func failedConsent(err error) (callbackView, error) {
	f := fault.Of(err)
	if f.Kind == fault.OverLimit { // before anything was used up
		status := http.StatusTooManyRequests
		if f.Reason == limit.ReasonConsents { // of others
			status = http.StatusServiceUnavailable
		}
		text := f.Message + " Reload this page in " + seconds(f.RetryAfter) + " s."
		return callbackView{Title: "Nothing was connected yet", Text: text, status: status}, err
	}
	status, known := statuses[f.Kind]
	text := f.Message
	if !known {
		status, text = http.StatusInternalServerError, "Something went wrong inside Postwright; its log says what."
	}
	return callbackView{Title: "Nothing was connected", Text: text + " Ask for a new link: each works once.", status: status}, err
}

// consentCode is the code that a consent is counted under: the RPC framework's, or LinkedIn's own where it is one of those that
// are known.
func consentCode(err error) string {
	f := fault.Of(err)
	if f == nil {
		return codeOK
	}
	return cmp.Or(accounts.ConsentCode(err), codes[f.Kind].String())
}

// madeUp reports whether a consent failed as one that anybody can make up does, at any speed: nobody waits for it, nobody can, or
// a limit refused it.
func madeUp(err error) bool {
	f := fault.Of(err)
	return f != nil && (f.Kind == fault.OverLimit || f.Reason == accounts.ReasonStateUnknown || f.Reason == accounts.ReasonNoKeyset)
}

// logConsent is the one line of a consent that came back. Of those that nobody waits for, which anybody can make up at any speed,
// one a minute is logged for each of LinkedIn's codes, as of those that a limit refused.
func (o *observer) logConsent(ctx context.Context, view callbackView, took time.Duration, err error) {
	attributes := []slog.Attr{
		slog.String("procedure", CallbackPath), slog.Int("status", view.status), slog.Duration("duration", took),
	}
	if err == nil {
		what := "consent"
		if view.declined {
			what = "consent declined by the member"
		}
		o.Log.LogAttrs(ctx, slog.LevelInfo, what, attributes...)
		return
	}
	f := fault.Of(err)
	if f.Kind == fault.OverLimit {
		o.Refused(f.Reason)
	}
	if madeUp(err) {
		untold, tell := o.refused.tell(f.Reason+" "+accounts.ConsentCode(err), time.Now())
		if !tell {
			return
		}
		attributes = append(attributes, slog.Int("refused_before", untold))
	}
	o.Log.LogAttrs(ctx, slog.LevelWarn, "consent failed", append(attributes, slog.Any("error", err))...)
}
