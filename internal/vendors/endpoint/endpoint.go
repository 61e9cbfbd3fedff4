// Package endpoint is how to reach a vendor: the base URL of its API and the token that proves who is calling.
//
// It must not know any vendor, nor where the configuration comes from.
package endpoint

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/postwright/postwright/internal/fault"
)

// CheckURL lists what is wrong with a base URL; setting names it to a person.
func CheckURL(setting, value string) []fault.Field {
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return []fault.Field{
			{Path: setting, Problem: "must be an http or https URL of a host, without user, query or fragment, such as https://api.example.com"},
		}
	}
	return nil
}

// CheckToken lists what is wrong with a token: it must be able to stand in a header. "" is no token, which is right
// where the vendor wants none.
func CheckToken(setting, value string) []fault.Field {
	if !sendable(value) {
		return []fault.Field{
			{Path: setting, Problem: "must be visible ASCII characters only: look for a space, a line break or quotation marks copied with it"},
		}
	}
	return nil
}

func sendable(token string) bool {
	return !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Bearer returns a request editor that proves who is calling; with "" it adds nothing. A token that can't stand in a
// header is a VendorAuth fault, before anything is sent.
func Bearer(token string) func(context.Context, *http.Request) error {
	return func(_ context.Context, req *http.Request) error {
		if !sendable(token) {
			return fault.New(fault.VendorAuth, "The token holds characters that no token has: enter it again.").WithReason("INVALID_ACCESS_TOKEN")
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	}
}
