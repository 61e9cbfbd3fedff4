package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// operation is what the gate knows of an operation before its handler runs.
type operation struct {
	vendor, id string
	// versioned operations want LinkedIn-Version; all of LinkedIn's but OAuth and userinfo want the protocol's.
	versioned bool
	// noToken operations are called without one.
	noToken bool
	// scopes: one of them is needed; none means that any token will do.
	scopes []string
	// resource is how LinkedIn names the operation when it refuses for lack of a scope.
	resource string
	// counted operations use up the day's quota.
	counted bool
}

// operations are all that the sandbox serves, by the patterns of the generated routers.
var operations = map[string]operation{
	"GET /rest/posts": {vendor: "linkedin", id: "findPostsByAuthor", versioned: true, counted: true,
		scopes: []string{"r_member_social", "r_organization_social"}, resource: "partnerApiPostsExternal.FINDER-author"},
	"POST /rest/posts": {vendor: "linkedin", id: "createPost", versioned: true, counted: true,
		scopes: []string{"w_member_social", "w_organization_social"}, resource: "partnerApiPostsExternal.CREATE"},
	"GET /rest/posts/{urn}": {vendor: "linkedin", id: "getPost", versioned: true, counted: true,
		scopes: []string{"r_member_social", "r_organization_social"}, resource: "partnerApiPostsExternal.GET"},
	"POST /rest/posts/{urn}": {vendor: "linkedin", id: "updatePost", versioned: true, counted: true,
		scopes: []string{"w_member_social", "w_organization_social"}, resource: "partnerApiPostsExternal.PARTIAL_UPDATE"},
	"DELETE /rest/posts/{urn}": {vendor: "linkedin", id: "deletePost", versioned: true, counted: true,
		scopes: []string{"w_member_social", "w_organization_social"}, resource: "partnerApiPostsExternal.DELETE"},
	"POST /v2/ugcPosts": {vendor: "linkedin", id: "createUgcPost", counted: true,
		scopes: []string{"w_member_social", "w_organization_social"}, resource: "ugcPosts.CREATE"},
	"GET /v2/userinfo": {vendor: "linkedin", id: "getUserInfo", scopes: []string{"openid"}, resource: "userinfo.GET"},
	"GET /v2/me": {vendor: "linkedin", id: "getMe", counted: true,
		scopes: []string{"r_basicprofile", "r_liteprofile"}, resource: "me.GET"},
	"GET /v2/people/{person}": {vendor: "linkedin", id: "getPerson", counted: true,
		scopes: []string{"r_basicprofile", "r_liteprofile"}, resource: "people.GET"},
	"GET /rest/memberCreatorPostAnalytics": {vendor: "linkedin", id: "getMemberPostAnalytics", versioned: true, counted: true,
		scopes: []string{"r_member_postAnalytics"}, resource: "memberCreatorPostAnalytics.FINDER-entity"},
	"GET /rest/socialMetadata/{urn}": {vendor: "linkedin", id: "getSocialMetadata", versioned: true, counted: true,
		scopes: []string{"r_member_social_feed", "r_organization_social_feed"}, resource: "socialMetadata.GET"},
	"GET /rest/organizationalEntityShareStatistics": {vendor: "linkedin", id: "getOrganizationShareStatistics", versioned: true, counted: true,
		scopes: []string{"rw_organization_admin"}, resource: "organizationalEntityShareStatistics.FINDER-organizationalEntity"},
	"GET /rest/organizationAcls": {vendor: "linkedin", id: "findOrganizationAcls", versioned: true, counted: true,
		scopes: []string{"rw_organization_admin", "r_organization_admin"}, resource: "organizationAcls.FINDER-roleAssignee"},
	"POST /oauth/v2/accessToken":     {vendor: "linkedin", id: "createAccessToken", noToken: true},
	"POST /oauth/v2/introspectToken": {vendor: "linkedin", id: "introspectToken", noToken: true},
	"POST /analyze/sentiment":        {vendor: "analysis", id: "analyzeSentiment", noToken: true},
	"POST /generate/hashtags":        {vendor: "analysis", id: "generateHashtags", noToken: true},
	"POST /optimize/content":         {vendor: "analysis", id: "optimizeContent", noToken: true},
	"POST /v1/chat/completions":      {vendor: "llm", id: "createChatCompletion", noToken: true},
	"GET /v1/models":                 {vendor: "llm", id: "listModels", noToken: true},
	"POST /notifications/email":      {vendor: "notification", id: "sendEmail", noToken: true},
	"POST /notifications/push":       {vendor: "notification", id: "sendPush", noToken: true},
}

// gatedMux puts the gate before every handler that a generated router registers.
type gatedMux struct {
	*http.ServeMux
	sandbox *Sandbox
}

// HandleFunc implements the routers' ServeMux. A pattern without an entry in operations is a defect of this package.
func (m gatedMux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	op, known := operations[pattern]
	if !known {
		panic("sandbox: no operation for " + pattern)
	}
	m.ServeMux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { m.sandbox.gate(op, handler, w, r) })
}

// request is what the gate hands to the handlers.
type request struct {
	op      operation
	id      string // x-li-request-id
	url     *url.URL
	raw     []byte // the body as sent
	member  Member // whose token it is
	scopes  []string
	version string
}

type requestKey struct{}

func requestOf(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}

// gate does to a request what happens before its operation runs, in LinkedIn's order: faults that are armed, the token,
// the version, the form of the path, scopes, quotas.
func (s *Sandbox) gate(op operation, handler http.HandlerFunc, w http.ResponseWriter, r *http.Request) {
	req := request{op: op, id: randomID(), url: r.URL, version: r.Header.Get("LinkedIn-Version")}
	w.Header().Set("x-li-uuid", randomID())
	w.Header().Set("x-li-request-id", req.id)
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		writeRefusal(w, r, refuse(http.StatusRequestEntityTooLarge, "REQUEST_TOO_LARGE", "The request's body is larger than 1 MiB"))
		return
	}
	req.raw = raw
	r.Body = io.NopCloser(bytes.NewReader(raw))
	after, done := s.applyBefore(op, w, r)
	switch {
	case done:
	case after == nil:
		s.serve(req, handler, w, r)
	default: // the answer is kept back for the fault to spoil, be it a success or a refusal
		kept := &keptAnswer{header: http.Header{}, status: http.StatusOK}
		s.serve(req, handler, kept, r)
		after(kept)
	}
}

// serve runs the operation if the request may.
func (s *Sandbox) serve(req request, handler http.HandlerFunc, w http.ResponseWriter, r *http.Request) {
	if req.op.vendor == "linkedin" && !req.op.noToken {
		if err := s.admit(r, &req); err != nil {
			writeRefusal(w, r, err)
			return
		}
	}
	handler(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, req)))
}

// admit checks a LinkedIn request before its operation runs.
func (s *Sandbox) admit(r *http.Request, req *request) error {
	op := req.op
	s.mu.Lock()
	defer s.mu.Unlock()
	bearer, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found || bearer == "" {
		return refuseToken(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2_access_token")
	}
	t, known := s.tokens[bearer]
	switch {
	case !known:
		return invalidToken
	case t.revoked:
		return revokedToken
	case !s.opts.Clock().Before(t.expires):
		return expiredToken
	}
	req.member, req.scopes = s.members[t.memberID], t.scopes
	if op.versioned {
		if err := checkVersion(req.version, s.opts.Clock()); err != nil {
			return err
		}
	}
	if op.id != "getUserInfo" && r.Header.Get("X-Restli-Protocol-Version") != "2.0.0" {
		return refuse(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "Header X-Restli-Protocol-Version must be 2.0.0")
	}
	if op.id == "createUgcPost" && req.version == "" { // met in the field with an app that /rest/posts had refused
		return missingScope(op, "")
	}
	if err := checkEncoding(r); err != nil {
		return err
	}
	if len(op.scopes) > 0 && !slices.ContainsFunc(op.scopes, func(scope string) bool { return slices.Contains(t.scopes, scope) }) {
		return missingScope(op, req.version)
	}
	if op.counted {
		return s.count(t.memberID)
	}
	return nil
}

// bareColon is a URN with a colon that is not escaped, whether or not others are.
var bareColon = regexp.MustCompile(`(?i)urn(?:%3a[^:&,()]*)?:`)

// checkEncoding refuses what LinkedIn can't parse: bare colons in a URN, escaped parentheses, and parameters in the style
// of the protocol before 2.0.0, such as shares[0] and timeRange.start.
func checkEncoding(r *http.Request) error {
	path := r.URL.EscapedPath()
	sent := path[strings.LastIndexByte(path, '/')+1:] + "&" + r.URL.RawQuery
	switch {
	case bareColon.MatchString(sent):
		return refuse(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "Syntax exception in path variables")
	case strings.Contains(sent, "%28"), strings.Contains(sent, "%29"):
		return invalidParam
	}
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if strings.ContainsAny(name, ".[") {
			return unpermitted("PARAMETER", "/"+name)
		}
	}
	return nil
}

// count uses up one request of the day, which begins at midnight UTC.
func (s *Sandbox) count(memberID string) error {
	today := s.opts.Clock().UTC().Truncate(24 * time.Hour)
	if !today.Equal(s.day) {
		s.day = today
		clear(s.requests)
	}
	if limit := s.opts.AppDayLimit; limit > 0 && s.requests[""] >= limit {
		return dayLimit("APPLICATION")
	}
	if limit := s.opts.MemberDayLimit; limit > 0 && s.requests[memberID] >= limit {
		return dayLimit("MEMBER")
	}
	s.requests[""]++
	s.requests[memberID]++
	return nil
}

// keptAnswer is an answer that has not left yet.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) WriteHeader(status int)      { k.status = status }
func (k *keptAnswer) Write(b []byte) (int, error) { return k.body.Write(b) }

// writeHead sends the head of the answer, with another status perhaps.
func (k *keptAnswer) writeHead(w http.ResponseWriter, status int) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
}

// writeRefusal answers with a refusal; an error of another kind is a request that the generated server can't read.
func writeRefusal(w http.ResponseWriter, r *http.Request, err error) {
	var known *refusal
	if !errors.As(err, &known) {
		known = refuse(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "The request can't be read: "+err.Error())
	}
	known.write(w, r.URL.Path)
}
