// Package sandbox is the vendors, emulated: LinkedIn, the analysis API, a language model and the notification API behind one handler, served
// from the same OpenAPI files as the clients, and a push service with browsers behind it, for the demo, the tests and whoever wants to try
// without an account.
//
// It owns what LinkedIn does and its documentation does not say (texts cut at a reserved character, an id in a header,
// duplicates refused, versions that die), a ledger of what was accepted, and faults that can be switched on. It keeps
// everything in memory. It must not know Postwright's use cases or its database: it is the other side.
package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/postwright/postwright/gen/analysis"
	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/gen/llm"
	"github.com/postwright/postwright/gen/notification"
	"github.com/postwright/postwright/internal/lexical"
)

// Limits of the sandbox.
const (
	// maxEntries bounds the ledger and the notifications kept; a create beyond it is answered with 503.
	maxEntries = 100_000
	// maxBodyBytes bounds a request.
	maxBodyBytes = 1 << 20
	// tokenLife is how long LinkedIn's access tokens live.
	tokenLife = 60 * 24 * time.Hour
	// grantLife is how long a consent can be refreshed, counted from its first token.
	grantLife = 365 * 24 * time.Hour
	// codeLife is how long a consent's code lives.
	codeLife = 30 * time.Minute
	// duplicateWindow is how long the same text of the same author is refused, unless Options say otherwise. LinkedIn's help
	// pages say ten minutes; a report of one to two days after a deletion stands against that.
	duplicateWindow = 10 * time.Minute
)

// Member is a person at the sandbox's LinkedIn.
type Member struct {
	ID         string
	GivenName  string
	FamilyName string
	Email      string
	// Token is an access token that works from the start; "" for none.
	Token string
	// Scopes is what the token, and every later one, may do.
	Scopes []string
	// Organizations are the ids of the pages that the member administers.
	Organizations []string
	// ContentOrganizations are the ids of the pages whose content alone the member administers: they post there, and see
	// no numbers.
	ContentOrganizations []string
	// ClientID is that of the app whose token Token is; "" for every app's.
	ClientID string
	// RefreshTokens gives the member's consents a refresh token, as LinkedIn does for approved apps.
	RefreshTokens bool
}

// Options set up a sandbox.
type Options struct {
	// Clock tells the time; required.
	Clock func() time.Time
	// Log gets a line per fault that was applied; required.
	Log *slog.Logger
	// Members are there from the start.
	Members []Member
	// MemberDayLimit and AppDayLimit are LinkedIn's quotas of requests a UTC day; 0 for its own (150 and 100,000), less
	// for none.
	MemberDayLimit int
	AppDayLimit    int
	// DuplicateWindow is how long the same text of the same author is refused; 0 for ten minutes, less to refuse none, so that
	// a post that was sent twice stands there twice.
	DuplicateWindow time.Duration
	// ClientID and ClientSecret are the app's. Requests for tokens with others are refused; "" takes any.
	ClientID     string
	ClientSecret string
	// Apps are the LinkedIn apps, where it matters which asks: a consent then gives what is asked for and no more, asking for
	// what an app has not is refused, asking for other scopes than before ends the member's earlier tokens of the app, and a token
	// means nothing to another app. Instead of ClientID and ClientSecret.
	Apps []App
}

// App is a LinkedIn app.
type App struct {
	ClientID, ClientSecret string
	Scopes                 []string // of its products
}

// Sandbox is the vendors. It is safe for concurrent use.
type Sandbox struct {
	opts    Options
	lexicon *lexical.Lexicon

	mu            sync.Mutex
	members       map[string]Member
	tokens        map[string]*token
	codes         map[string]code
	grants        map[string]*grant // by refresh token
	entries       []*Entry
	byURN         map[string]*Entry
	recent        map[string]*Entry // author and shown text to the newest create of it
	notifications []Notification
	browsers      map[string]*Browser // by id
	listAs        func(Entry) Entry   // nil for as it is
	faults        []*armed
	day           time.Time
	requests      map[string]int // of the day, by member; "" is the app's
	sequence      int64
}

// New returns a sandbox.
func New(opts Options) *Sandbox {
	if opts.MemberDayLimit == 0 {
		opts.MemberDayLimit = 150
	}
	if opts.DuplicateWindow == 0 {
		opts.DuplicateWindow = duplicateWindow
	}
	if opts.AppDayLimit == 0 {
		opts.AppDayLimit = 100_000
	}
	s := &Sandbox{
		opts: opts, lexicon: lexical.New(),
		members: map[string]Member{}, tokens: map[string]*token{}, codes: map[string]code{}, grants: map[string]*grant{},
		byURN: map[string]*Entry{}, browsers: map[string]*Browser{}, recent: map[string]*Entry{}, requests: map[string]int{},
		// URNs of two sandboxes started one after the other differ, as LinkedIn's do.
		sequence: opts.Clock().UnixMicro() * 1000,
	}
	for _, m := range opts.Members {
		s.AddMember(m)
	}
	return s
}

// AddMember adds a member, or replaces one, and makes their token work for 60 days. A member who now grants other scopes
// loses the tokens granted before, as at LinkedIn.
func (s *Sandbox) AddMember(m Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Scopes, m.Organizations = slices.Clone(m.Scopes), slices.Clone(m.Organizations)
	m.ContentOrganizations = slices.Clone(m.ContentOrganizations)
	if before, there := s.members[m.ID]; there && !slices.Equal(before.Scopes, m.Scopes) {
		s.revoke(m.ID)
	}
	s.members[m.ID] = m
	if m.Token != "" {
		now := s.opts.Clock()
		s.tokens[m.Token] = &token{memberID: m.ID, clientID: m.ClientID, scopes: m.Scopes, authorized: now, created: now, expires: now.Add(tokenLife)}
	}
}

// Revoke ends every token of a member, refresh tokens included, as the member can in LinkedIn's settings.
func (s *Sandbox) Revoke(memberID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoke(memberID)
}

func (s *Sandbox) revoke(memberID string) {
	for _, t := range s.tokens {
		t.revoked = t.revoked || t.memberID == memberID
	}
	maps.DeleteFunc(s.grants, func(_ string, g *grant) bool { return g.memberID == memberID })
}

// Handler serves all four vendors, told apart by path, and the sandbox's own endpoints under /_sandbox/.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	gated := gatedMux{ServeMux: mux, sandbox: s}
	linkedin.HandlerWithOptions(linkedin.NewStrictHandlerWithOptions(linkedInServer{s}, nil, linkedin.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: writeRefusal, ResponseErrorHandlerFunc: writeRefusal,
	}), linkedin.StdHTTPServerOptions{BaseRouter: gated, ErrorHandlerFunc: writeRefusal})
	analysis.HandlerWithOptions(analysis.NewStrictHandlerWithOptions(analysisServer{s}, nil, analysis.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: writeRefusal, ResponseErrorHandlerFunc: writeRefusal,
	}), analysis.StdHTTPServerOptions{BaseRouter: gated, ErrorHandlerFunc: writeRefusal})
	notification.HandlerWithOptions(notification.NewStrictHandlerWithOptions(notificationServer{s}, nil, notification.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: writeRefusal, ResponseErrorHandlerFunc: writeRefusal,
	}), notification.StdHTTPServerOptions{BaseRouter: gated, ErrorHandlerFunc: writeRefusal})
	llm.HandlerWithOptions(llm.NewStrictHandlerWithOptions(llmServer{s}, nil, llm.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: writeRefusal, ResponseErrorHandlerFunc: writeRefusal,
	}), llm.StdHTTPServerOptions{BaseURL: "/v1", BaseRouter: gated, ErrorHandlerFunc: writeRefusal})
	mux.HandleFunc("GET /oauth/v2/authorization", s.authorize)
	mux.HandleFunc("POST /push/{browser}", s.push)
	s.control(mux)
	return mux
}

// randomID is an unguessable name.
func randomID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}
