package rpc

import (
	"context"
	_ "embed"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
)

// CallbackPath is where a member's browser comes back to from LinkedIn's consent page.
const CallbackPath = "/oauth/linkedin/callback"

//go:embed callback.html
var callbackPage string

var callbackTemplate = template.Must(template.New("callback").Parse(callbackPage))

// callbackView is what the page shows.
type callbackView struct {
	Title, Text string
	Connected   bool
}

// NewCallback serves CallbackPath: it ends a consent and tells the member, who sits before a browser, how. State and code
// are secrets: they are never logged, and the page keeps the browser from handing them on.
func NewCallback(service *accounts.Service, timeout time.Duration, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		status, view := endConsent(ctx, service, r.URL.Query(), log)
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		w.WriteHeader(status)
		_ = callbackTemplate.Execute(w, view) // a member who left learns nothing
	})
}

// endConsent completes or abandons a consent by what LinkedIn sent the browser back with.
func endConsent(ctx context.Context, service *accounts.Service, query map[string][]string, log *slog.Logger) (int, callbackView) {
	one := func(name string) string {
		if values := query[name]; len(values) == 1 {
			return values[0]
		}
		return ""
	}
	state, code := one("state"), one("code")
	if state == "" || (code == "" && one("error") == "") {
		return http.StatusBadRequest, callbackView{Title: "Nothing was connected",
			Text: "This address is where LinkedIn sends browsers back to, and this call did not come from there. Ask for a new link."}
	}
	if code == "" {
		if err := service.Abandon(ctx, state); err != nil {
			return failedConsent(ctx, err, log)
		}
		return http.StatusOK, callbackView{Title: "Nothing was connected", Text: "You did not give your consent at LinkedIn. Nothing has changed."}
	}
	account, err := service.Complete(ctx, state, code)
	if err != nil {
		return failedConsent(ctx, err, log)
	}
	return http.StatusOK, callbackView{Title: account.DisplayName + " is connected", Connected: true,
		Text: "Postwright can publish with this account now. You can close this page."}
}

// statuses says how a fault reaches a browser.
var statuses = map[fault.Kind]int{
	fault.Precondition: http.StatusBadRequest, fault.Invalid: http.StatusBadRequest, fault.VendorRejected: http.StatusBadGateway,
	fault.VendorAuth: http.StatusBadGateway, fault.VendorUnavailable: http.StatusBadGateway, fault.RateLimited: http.StatusServiceUnavailable,
	fault.Unavailable: http.StatusServiceUnavailable, fault.Busy: http.StatusServiceUnavailable,
	fault.Deadline: http.StatusGatewayTimeout, fault.Canceled: http.StatusGatewayTimeout,
}

func failedConsent(ctx context.Context, err error, log *slog.Logger) (int, callbackView) {
	f := fault.Of(err)
	status, known := statuses[f.Kind]
	text := f.Message
	if !known {
		status, text = http.StatusInternalServerError, "Something went wrong inside Postwright; its log says what."
	}
	log.LogAttrs(ctx, slog.LevelWarn, "consent failed", slog.Int("status", status), slog.Any("error", err))
	return status, callbackView{Title: "Nothing was connected", Text: text + " Ask for a new link: each works once."}
}
