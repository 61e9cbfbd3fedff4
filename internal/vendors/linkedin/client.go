// Package linkedin is the adapter over LinkedIn's API: one function per operation, each of which turns every possible
// answer into a value or a fault.
//
// It owns what is peculiar to LinkedIn's wire: URNs and their encoding, little text, versions, error codes. It must not
// know accounts and posts as Postwright keeps them, or the database.
package linkedin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/answer"
	"github.com/postwright/postwright/internal/vendors/endpoint"
)

// Vendor is LinkedIn's name in metrics and faults.
const Vendor = "linkedin"

const protocolVersion = "2.0.0"

// Config says how to reach LinkedIn.
type Config struct {
	// APIURL serves /rest and /v2: https://api.linkedin.com.
	APIURL string
	// AuthURL serves /oauth: https://www.linkedin.com.
	AuthURL string
	// Version is sent as LinkedIn-Version: YYYYMM. Each is served for about a year, from some day within its month; there
	// is none for December (migrations).
	Version string
	// Legacy creates posts through /v2/ugcPosts, for apps that /rest/posts refuses.
	Legacy bool
	// ClientID and ClientSecret are the app's, for ExchangeCode, RefreshToken and Introspect, which fail without. The
	// secret travels in a form's body, never in a URL.
	ClientID     string
	ClientSecret string
}

// Faults lists everything that is wrong with the configuration.
func (c Config) Faults() []fault.Field {
	faults := slices.Concat(endpoint.CheckURL("LinkedIn API URL", c.APIURL), endpoint.CheckURL("LinkedIn auth URL", c.AuthURL))
	if !IsVersion(c.Version) {
		faults = append(
			faults,
			fault.Field{Path: "LinkedIn version", Problem: "must be YYYYMM with a month from 01 to 11: LinkedIn has none for December"},
		)
	}
	if (c.ClientID == "") != (c.ClientSecret == "") {
		faults = append(faults, fault.Field{Path: "LinkedIn client id and secret", Problem: "must be set both or neither"})
	}
	return faults
}

// Client calls LinkedIn. It is safe for concurrent use.
type Client struct {
	cfg    Config
	api    *linkedin.Client
	auth   *linkedin.Client
	answer answer.Reader // of the API
	oauth  answer.Reader // of /oauth, which explains refusals differently
	now    answer.Clock
	// settings of the app, which remedies name.
	settings AppSettings
}

// New returns a Client on an HTTP client of the seam. The clock is for limits that end at a point in time. A faulty
// configuration is an Invalid fault.
func New(cfg Config, seam *http.Client, now answer.Clock) (*Client, error) {
	if err := fault.Fields(cfg.Faults()...); err != nil {
		return nil, err
	}
	api, err := linkedin.NewClient(cfg.APIURL, linkedin.WithHTTPClient(seam))
	if err != nil {
		return nil, fmt.Errorf("make LinkedIn's client: %w", err)
	}
	auth, err := linkedin.NewClient(cfg.AuthURL, linkedin.WithHTTPClient(seam))
	if err != nil {
		return nil, fmt.Errorf("make LinkedIn's client: %w", err)
	}
	c := &Client{cfg: cfg, api: api, auth: auth, now: now, settings: SettingsByFlags}
	c.answer = answer.Reader{Vendor: Vendor, Refine: func(f *fault.Error, body []byte) { c.refine(f, body, "") }, TraceID: traceID, Now: now}
	c.oauth = answer.Reader{Vendor: Vendor, Refine: c.refineOAuth, TraceID: traceID, Now: now}
	return c, nil
}

// WithApp returns the client of another app, which shares all else. settings are where the app is set up.
func (c *Client) WithApp(clientID, clientSecret string, settings AppSettings) *Client {
	other := *c
	other.cfg.ClientID, other.cfg.ClientSecret, other.settings = clientID, clientSecret, settings
	other.oauth.Refine = other.refineOAuth
	return &other
}

func traceID(header http.Header) string {
	if id := header.Get("x-li-request-id"); id != "" {
		return id
	}
	return header.Get("x-li-uuid")
}

// bearer sends the account's token. Without one LinkedIn would answer 401 to a defect of ours.
func bearer(token string) linkedin.RequestEditorFn {
	if token == "" {
		return func(context.Context, *http.Request) error {
			return fault.New(fault.VendorAuth, "The account has no token: connect the account again.").WithReason(ReasonInvalidToken)
		}
	}
	return endpoint.Bearer(token)
}

// withLastSegment replaces the last segment of the path by one that is encoded already: the generated client escapes
// parentheses, which LinkedIn refuses, and leaves colons, which it refuses as well.
func withLastSegment(encoded string) linkedin.RequestEditorFn {
	return func(_ context.Context, req *http.Request) error {
		path := req.URL.EscapedPath()
		raw := path[:strings.LastIndexByte(path, '/')+1] + encoded
		unescaped, err := url.PathUnescape(raw)
		if err != nil {
			return fmt.Errorf("encode the path: %w", err)
		}
		req.URL.Path, req.URL.RawPath = unescaped, raw
		return nil
	}
}

// withQuery replaces the query by one that is encoded already; see withLastSegment.
func withQuery(encoded string) linkedin.RequestEditorFn {
	return func(_ context.Context, req *http.Request) error {
		req.URL.RawQuery = encoded
		return nil
	}
}
