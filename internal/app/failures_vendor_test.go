package app_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/rpc"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/telemetry"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/linkedin"
	"github.com/postwright/postwright/internal/vendors/llmapi"
	"github.com/postwright/postwright/internal/vendors/notifyapi"
)

var update = flag.Bool("update", false, "write docs/failures.md anew")

// clients are the adapters of one cell of the matrix, over a seam of its own.
type clients struct {
	linkedIn, legacy *linkedin.Client
	analysis         *analysisapi.Client
	llm              *llmapi.Client
	notify           *notifyapi.Client
	post, pagePost   linkedin.URN // on LinkedIn before the fault strikes
	refresh          string       // a refresh token that works
}

// operations calls every operation of every vendor with what works on a good day.
var operations = map[outbound.Operation]func(context.Context, *clients) error{
	{Vendor: "linkedin", ID: "createPost"}: func(ctx context.Context, c *clients) error {
		_, err := c.linkedIn.CreatePost(
			ctx,
			apptest.MemberToken,
			linkedin.NewPost{Author: author, Text: "Under test", Visibility: linkedin.VisibilityPublic},
		)
		return err
	},
	{Vendor: "linkedin", ID: "createUgcPost"}: func(ctx context.Context, c *clients) error {
		_, err := c.legacy.CreatePost(
			ctx,
			apptest.MemberToken,
			linkedin.NewPost{Author: author, Text: "Under test", Visibility: linkedin.VisibilityPublic},
		)
		return err
	},
	{Vendor: "linkedin", ID: "updatePost"}: func(ctx context.Context, c *clients) error {
		return c.linkedIn.UpdatePost(ctx, apptest.MemberToken, c.post, "Another text")
	},
	{Vendor: "linkedin", ID: "deletePost"}: func(ctx context.Context, c *clients) error {
		return c.linkedIn.DeletePost(ctx, apptest.MemberToken, c.post)
	},
	{Vendor: "linkedin", ID: "getPost"}: func(ctx context.Context, c *clients) error {
		_, err := c.linkedIn.GetPost(ctx, apptest.MemberToken, c.post)
		return err
	},
	{Vendor: "linkedin", ID: "findPostsByAuthor"}: func(ctx context.Context, c *clients) error {
		_, _, err := c.linkedIn.PostsByAuthor(ctx, apptest.MemberToken, author, 10)
		return err
	},
	{Vendor: "linkedin", ID: "getUserInfo"}: func(ctx context.Context, c *clients) error {
		_, err := c.linkedIn.UserInfo(ctx, apptest.MemberToken)
		return err
	},
	{Vendor: "linkedin", ID: "getMe"}: func(ctx context.Context, c *clients) error {
		_, err := c.linkedIn.Me(ctx, apptest.MemberToken)
		return err
	},
	{Vendor: "linkedin", ID: "getPerson"}: func(ctx context.Context, c *clients) error {
		_, err := c.linkedIn.Person(ctx, apptest.MemberToken, "tester")
		return err
	},
	{Vendor: "linkedin", ID: "getMemberPostAnalytics"}: func(ctx context.Context, c *clients) error {
		_, _, err := c.linkedIn.PostAnalytics(ctx, apptest.MemberToken, c.post, linkedin.MetricImpression)
		return err
	},
	{Vendor: "linkedin", ID: "getSocialMetadata"}: func(ctx context.Context, c *clients) error {
		_, err := c.linkedIn.SocialMetadata(ctx, apptest.MemberToken, c.post)
		return err
	},
	{Vendor: "linkedin", ID: "getOrganizationShareStatistics"}: func(ctx context.Context, c *clients) error {
		_, _, err := c.linkedIn.OrganizationShareStatistics(ctx, apptest.MemberToken, page, []linkedin.URN{c.pagePost})
		return err
	},
	{Vendor: "linkedin", ID: "findOrganizationAcls"}: func(ctx context.Context, c *clients) error {
		_, err := c.linkedIn.OrganizationRoles(ctx, apptest.MemberToken)
		return err
	},
	{Vendor: "linkedin", ID: "createAccessToken"}: func(ctx context.Context, c *clients) error {
		_, err := c.linkedIn.RefreshToken(ctx, c.refresh)
		return err
	},
	{Vendor: "linkedin", ID: "introspectToken"}: func(ctx context.Context, c *clients) error {
		_, err := c.linkedIn.Introspect(ctx, apptest.MemberToken)
		return err
	},
	{Vendor: "analysis", ID: "analyzeSentiment"}: func(ctx context.Context, c *clients) error {
		_, err := c.analysis.Sentiment(ctx, "A good day")
		return err
	},
	{Vendor: "analysis", ID: "generateHashtags"}: func(ctx context.Context, c *clients) error {
		_, err := c.analysis.Hashtags(ctx, "A good day for PostgreSQL")
		return err
	},
	{Vendor: "analysis", ID: "optimizeContent"}: func(ctx context.Context, c *clients) error {
		_, err := c.analysis.Optimize(ctx, "A good day", "clarity")
		return err
	},
	{Vendor: "llm", ID: "createChatCompletion"}: func(ctx context.Context, c *clients) error {
		_, err := c.llm.Ask(ctx, llmapi.Question{
			System: "Task: sentiment", User: "A good day", Name: "sentiment", Schema: map[string]any{"type": "object"},
			Required: []string{"label", "score"}, MaxTokens: 100,
		}, func(object []byte) error {
			var found struct{ Label, Score any }
			if json.Unmarshal(object, &found) != nil || found.Label != "positive" {
				return errors.New("it is not of the form that was asked for")
			}
			return nil
		})
		return err
	},
	{Vendor: "llm", ID: "listModels"}: func(ctx context.Context, c *clients) error {
		_, err := c.llm.Models(ctx)
		return err
	},
	{Vendor: "notification", ID: "sendEmail"}: func(ctx context.Context, c *clients) error {
		_, err := c.notify.SendEmail(ctx, "tess@example.org", "Subject", "Content")
		return err
	},
	{Vendor: "notification", ID: "sendPush"}: func(ctx context.Context, c *clients) error {
		_, err := c.notify.SendPush(ctx, "tess", "Title", "Message")
		return err
	},
}

var (
	author = mustURN("urn:li:person:tester")
	page   = mustURN("urn:li:organization:5")
)

func mustURN(text string) linkedin.URN {
	urn, err := linkedin.ParseURN(text)
	if err != nil {
		panic(err)
	}
	return urn
}

// bad is something that can be wrong with a vendor; mode "" stands for one that is not there at all.
type bad struct {
	name  string
	fault sandbox.Fault
}

// strikes reports whether there is such a thing for an operation: some faults the sandbox has for creates alone.
func (b bad) strikes(operation outbound.Operation) bool {
	f := b.fault
	f.Vendor, f.Operation = operation.Vendor, operation.ID
	return f.Mode == nobodyThere || f.Mode == leftAlone || f.Validate() == nil
}

// calls is how many calls an operation makes of a vendor: a model's server that refuses a request in itself is asked once more, in
// other words.
func (b bad) calls(operation outbound.Operation) int {
	refuses := b.fault.Mode == sandbox.SchemaRefused || b.fault.Mode == sandbox.Duplicate || b.fault.Value == "400"
	if operation.ID == "createChatCompletion" && refuses {
		return 2
	}
	return 1
}

// slowTimeout is the limit of an attempt where the vendor is slow, so that what takes half a minute in life takes moments.
// Everywhere else the limits are those of life: how quick the machine is must not decide what a cell comes to.
const slowTimeout = 2 * time.Second

// busyMachine is what a machine that is busy with other things may add to any limit: it says that nothing hangs, no more.
const busyMachine = 15 * time.Second

const (
	nobodyThere = "nobody there"
	leftAlone   = "left alone"
)

var bads = []bad{
	{"the host can not be reached", sandbox.Fault{Mode: nobodyThere}},
	{"the host's breaker is open", sandbox.Fault{Mode: leftAlone}},
	{"slower than an attempt may take", sandbox.Fault{Mode: sandbox.Slow, AfterMS: 300_000}},
	{"hangs up before it acts", sandbox.Fault{Mode: sandbox.Drop}},
	{"acts, then hangs up", sandbox.Fault{Mode: sandbox.AcceptThenDrop}},
	{"500", sandbox.Fault{Mode: sandbox.Status, Value: "500"}},
	{"503", sandbox.Fault{Mode: sandbox.Status, Value: "503"}},
	{"429 for the day", sandbox.Fault{Mode: sandbox.RateLimitedDay}},
	{"429 for an hour", sandbox.Fault{Mode: sandbox.RetryAfter, Value: "3600"}},
	{"400", sandbox.Fault{Mode: sandbox.Status, Value: "400"}},
	{"403", sandbox.Fault{Mode: sandbox.Status, Value: "403"}},
	{"404", sandbox.Fault{Mode: sandbox.Status, Value: "404"}},
	{"401, the token has expired", sandbox.Fault{Mode: sandbox.TokenExpired}},
	{"401, the token was revoked", sandbox.Fault{Mode: sandbox.TokenRevoked}},
	{"422, a duplicate", sandbox.Fault{Mode: sandbox.Duplicate}},
	{"426, the version is dead", sandbox.Fault{Mode: sandbox.VersionSunset}},
	{"a page of HTML instead of an answer", sandbox.Fault{Mode: sandbox.GarbageBody}},
	{"an endless body", sandbox.Fault{Mode: sandbox.HugeBody}},
	{"no id in the answer", sandbox.Fault{Mode: sandbox.NoID}},
	{"a model's JSON breaks off", sandbox.Fault{Mode: sandbox.BrokenJSON}},
	{"a model refuses", sandbox.Fault{Mode: sandbox.Refusal}},
	{"a model's answer is filtered", sandbox.Fault{Mode: sandbox.Filtered}},
	{"a model's answer is cut off", sandbox.Fault{Mode: sandbox.Truncated}},
	{"a model answers in another schema", sandbox.Fault{Mode: sandbox.WrongSchema}},
	{"a model asks for a tool", sandbox.Fault{Mode: sandbox.ToolsWanted}},
	{"a model's answer is missing", sandbox.Fault{Mode: sandbox.NoChoices}},
	{"a model wraps its JSON in words", sandbox.Fault{Mode: sandbox.SchemaIgnored}},
	{"a model says what it likes", sandbox.Fault{Mode: sandbox.Says, Value: "Happy to help!"}},
	{"a model's server refuses the schema", sandbox.Fault{Mode: sandbox.SchemaRefused}},
}

// outcome is what a call comes to on a bad day; comparable, so that operations that fare alike can be told together.
type outcome struct {
	kind, code, reason string
	wait               string // RetryInfo
	doubt              bool
	attempts           string // from the metrics
	breaker            string // after it
}

// noon is the clients' time, that of today: shortly before midnight UTC a wait for the next day would be short enough to be
// waited for.
func noon() time.Time { return app.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour) }

// cell makes one call of one operation on one bad day.
func cell(ctx context.Context, operation outbound.Operation, b bad) (outcome, error) {
	box := sandbox.New(sandbox.Options{
		Clock: app.Now, Log: slog.New(slog.DiscardHandler), MemberDayLimit: -1, AppDayLimit: -1,
		Members: []sandbox.Member{{
			ID: "tester", GivenName: "Tess", FamilyName: "Ter", Token: apptest.MemberToken, RefreshTokens: true, Organizations: []string{"5"},
			Scopes: []string{"openid", "profile", "email", "w_member_social", "w_organization_social", "r_member_social", "r_basicprofile",
				"r_member_postAnalytics", "r_member_social_feed", "r_organization_social", "r_organization_social_feed", "rw_organization_admin"},
		}},
	})
	server := httptest.NewServer(box.Handler())
	defer server.Close()
	cfg := app.Defaults().Outbound
	switch b.fault.Mode {
	case leftAlone:
		cfg.BreakerFailures.Value = 1
	case sandbox.Slow:
		cfg.AttemptTimeout.Value = slowTimeout
	}
	policies, faults := cfg.Policies()
	if err := fault.Fields(faults...); err != nil {
		return outcome{}, err
	}
	policies.BodyRetryAfter = map[string]outbound.BodyRetryAfter{linkedin.Vendor: linkedin.BodyRetryAfter(noon)}
	metrics := telemetry.NewMetrics()
	seam := outbound.New(outbound.Defaults(), policies, metrics.API(), slog.New(slog.DiscardHandler))
	defer seam.Close()
	c, err := newClients(server.URL, seam)
	if err != nil {
		return outcome{}, err
	}
	if err := c.prepare(ctx, server.URL); err != nil {
		return outcome{}, fmt.Errorf("prepare a good day: %w", err)
	}
	before := scrape(ctx, metrics)
	b.fault.Vendor, b.fault.Operation = operation.Vendor, operation.ID
	switch b.fault.Mode {
	case nobodyThere:
		server.CloseClientConnections()
		_ = server.Listener.Close() // its end is what is wanted
	case leftAlone:
		b.fault.Mode = sandbox.Drop
		if err := box.Arm(b.fault); err != nil {
			return outcome{}, err
		}
		_ = operations[operation](ctx, c) // which opens it
		box.Disarm()
		before = scrape(ctx, metrics)
	default:
		if err := box.Arm(b.fault); err != nil {
			return outcome{}, err
		}
	}
	failed := operations[operation](ctx, c)
	after := scrape(ctx, metrics)
	o := outcome{
		attempts: strconv.Itoa(after["api_operation_duration_seconds_count"] - before["api_operation_duration_seconds_count"]),
		breaker:  []string{"closed", "half-open", "open"}[after["api_breaker_state"]],
	}
	if in := after["api_operations_in_flight"]; in != 0 {
		return o, fmt.Errorf("%d calls are still in flight", in)
	}
	retries := after["api_operation_retries_total"] - before["api_operation_retries_total"]
	attempts := after["api_operation_duration_seconds_count"] - before["api_operation_duration_seconds_count"]
	if retries != max(attempts-b.calls(operation), 0) {
		return o, fmt.Errorf("%d attempts and %d retries are counted", attempts, retries)
	}
	return o, o.fill(failed)
}

// fill says how the failure reaches a caller.
func (o *outcome) fill(err error) error {
	if err == nil {
		o.kind, o.code = "-", "ok"
		return nil
	}
	f := fault.Of(err)
	answer := rpc.ToConnect(err, "the-request")
	o.kind, o.code, o.reason, o.doubt = f.Kind.String(), answer.Code().String(), f.Reason, f.Doubt
	o.wait = "-"
	info := false
	for _, detail := range answer.Details() {
		var retry errdetails.RetryInfo
		var said errdetails.ErrorInfo
		switch detail.Type {
		case string(retry.ProtoReflect().Descriptor().FullName()):
			if err := proto.Unmarshal(detail.Value, &retry); err != nil {
				return err
			}
			o.wait = roughly(retry.GetRetryDelay().AsDuration(), f.Reason)
		case string(said.ProtoReflect().Descriptor().FullName()):
			if err := proto.Unmarshal(detail.Value, &said); err != nil {
				return err
			}
			info = said.GetReason() == f.Reason
		}
	}
	if !info {
		return fmt.Errorf("ErrorInfo lacks the reason %q", f.Reason)
	}
	for _, leak := range []string{apptest.MemberToken, "127.0.0.1", "EOF", "connection", "<html"} {
		if strings.Contains(answer.Message(), leak) {
			return fmt.Errorf("the caller is shown %q: %s", leak, answer.Message())
		}
	}
	return nil
}

// roughly tells a wait without what differs from run to run.
func roughly(d time.Duration, reason string) string {
	switch {
	case reason == linkedin.ReasonDayLimit && d > 0 && d <= 24*time.Hour:
		return "until midnight UTC"
	case d <= time.Second:
		return "1s"
	case d <= time.Minute:
		return "1m"
	case d <= time.Hour:
		return "1h"
	}
	return "longer"
}

func newClients(url string, seam *outbound.Seam) (*clients, error) {
	cfg := linkedin.Config{APIURL: url, AuthURL: url, Version: app.Defaults().LinkedIn.Version, ClientID: "app", ClientSecret: "secret"}
	legacy := cfg
	legacy.Legacy = true
	c := &clients{}
	var err error
	if c.linkedIn, err = linkedin.New(cfg, seam.Client(linkedin.Vendor), noon); err != nil {
		return nil, err
	}
	if c.legacy, err = linkedin.New(legacy, seam.Client(linkedin.Vendor), noon); err != nil {
		return nil, err
	}
	if c.analysis, err = analysisapi.New(analysisapi.Config{URL: url}, seam.Client(analysisapi.Vendor), noon); err != nil {
		return nil, err
	}
	if c.llm, err = llmapi.New(llmapi.Config{URL: url, Model: sandbox.LLMModel}, seam.Client(llmapi.Vendor), noon); err != nil {
		return nil, err
	}
	if c.notify, err = notifyapi.New(notifyapi.Config{URL: url}, seam.Client(notifyapi.Vendor), noon); err != nil {
		return nil, err
	}
	return c, nil
}

// prepare brings about what the operations need, over connections of its own without the cell's limits.
func (c *clients) prepare(ctx context.Context, url string) error {
	seam := outbound.New(outbound.Defaults(), outbound.DefaultPolicies(), outbound.Unobserved{}, slog.New(slog.DiscardHandler))
	defer seam.Close()
	good, err := newClients(url, seam)
	if err != nil {
		return err
	}
	for by, post := range map[linkedin.URN]*linkedin.URN{author: &c.post, page: &c.pagePost} {
		created, err := good.linkedIn.CreatePost(
			ctx,
			apptest.MemberToken,
			linkedin.NewPost{Author: by, Text: "There before", Visibility: linkedin.VisibilityPublic},
		)
		if err != nil {
			return err
		}
		*post = created.URN
	}
	c.refresh, err = consent(ctx, good.linkedIn)
	return err
}

// consent gives a member's consent as their browser does, and returns the refresh token.
func consent(ctx context.Context, client *linkedin.Client) (string, error) {
	const back = "http://127.0.0.1:1/back"
	at, err := client.AuthorizationURL("a-state", back, []string{"openid", "profile", "w_member_social"})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	if err := resp.Body.Close(); err != nil {
		return "", err
	}
	location, err := resp.Location()
	if err != nil {
		return "", err
	}
	token, err := client.ExchangeCode(ctx, location.Query().Get("code"), back)
	return token.RefreshToken, err
}

// scrape sums the metrics of each name.
func scrape(ctx context.Context, metrics *telemetry.Metrics) map[string]int {
	answer := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil))
	sums := map[string]int{}
	for line := range strings.Lines(answer.Body.String()) {
		name, rest, labelled := strings.Cut(line, "{")
		if !labelled || strings.HasPrefix(line, "#") {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, '}')+1:]), 64)
		if err == nil {
			sums[name] += int(value)
		}
	}
	return sums
}

// Every operation of every vendor on every bad day: how the failure reaches a caller, how often it was attempted, and
// that nothing is left behind. The whole table stands in docs/failures.md.
func TestEveryVendorOperationOnEveryBadDay(t *testing.T) {
	// Not parallel: goroutines of other tests would be taken for leaks.
	before := goleak.IgnoreCurrent()
	policies, faults := app.Defaults().Outbound.Policies()
	require.Empty(t, faults)
	require.Len(t, operations, len(policies.Of), "every operation is called")

	outcomes := make([]map[outbound.Operation]outcome, len(bads))
	var cells errgroup.Group
	cells.SetLimit(24) // they wait more than they work
	var mu sync.Mutex
	for i, b := range bads {
		outcomes[i] = map[outbound.Operation]outcome{}
		for operation := range policies.Of {
			if !b.strikes(operation) {
				continue
			}
			cells.Go(func() error {
				o, err := cell(t.Context(), operation, b)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", operation, b.name, err)
				}
				mu.Lock()
				defer mu.Unlock()
				outcomes[i][operation] = o
				return nil
			})
		}
	}
	require.NoError(t, cells.Wait())
	for i, b := range bads {
		for operation, o := range outcomes[i] {
			require.NoError(t, lawful(policies.Of[operation], b, o), "%s, %s: %+v", operation, b.name, o)
		}
	}
	compare(t, "vendors", vendorTable(outcomes))
	goleak.VerifyNone(t, before)
}

// lawful checks what must hold of every cell, whatever the table says.
func lawful(policy outbound.Policy, b bad, o outcome) error {
	switch {
	case policy.Repeat == outbound.Never && o.attempts != "1" && b.fault.Mode != leftAlone:
		return errors.New("a create is sent exactly once")
	case b.fault.Mode == leftAlone && o.attempts != "0":
		return errors.New("an open breaker lets nothing through")
	case (b.fault.Mode == leftAlone || b.fault.Mode == nobodyThere) && o.doubt:
		return errors.New("nothing left, so nothing is in doubt")
	case policy.Repeat == outbound.Unsent && o.doubt && o.attempts != "1":
		return errors.New("what may have had an effect is not sent again")
	case o.code == "internal" || o.code == "unknown" || o.code == "unauthenticated":
		return errors.New("a vendor's failure is neither ours nor our caller's")
	case o.code == "unavailable" && o.wait == "-":
		return errors.New("the caller is told when to come again")
	}
	return nil
}

// vendorTable tells every outcome of a bad day once, with the operations that fare alike; the most of them are "the others".
func vendorTable(outcomes []map[outbound.Operation]outcome) string {
	var b strings.Builder
	b.WriteString(
		"| what is wrong | with | code | reason | come again after | may have happened | attempts | breaker |\n|---|---|---|---|---|---|---:|---|\n",
	)
	for i, bad := range bads {
		alike := map[outcome][]string{}
		for operation, o := range outcomes[i] {
			alike[o] = append(alike[o], operation.ID)
		}
		groups := slices.Collect(maps.Keys(alike))
		for _, o := range groups {
			slices.Sort(alike[o])
		}
		slices.SortFunc(groups, func(a, b outcome) int {
			return cmp.Or(len(alike[a])-len(alike[b]), strings.Compare(alike[a][0], alike[b][0]))
		})
		for n, o := range groups {
			with := strings.Join(alike[o], ", ")
			switch {
			case len(groups) == 1:
				with = "all that know it"
			case n == len(groups)-1:
				with = "the others"
			}
			doubt := ""
			if o.doubt {
				doubt = "yes"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n",
				bad.name, with, o.code, o.reason, strings.Trim(o.wait, "-"), doubt, o.attempts, o.breaker)
		}
	}
	return b.String()
}

// compare holds a table against the one in docs/failures.md, or writes it there with -update.
func compare(t *testing.T, section, table string) {
	t.Helper()
	const path = "../../docs/failures.md"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	begins, ends := "<!-- "+section+" -->\n", "<!-- end of "+section+" -->\n"
	before, rest, found := strings.Cut(string(text), begins)
	there, after, closed := strings.Cut(rest, ends)
	require.True(t, found && closed, "%s lacks the lines %q and %q", path, begins, ends)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+begins+table+ends+after), 0o600))
		return
	}
	require.Equal(t, there, table, "docs/failures.md is not what happens: look at the difference, then `go test ./internal/app -run BadDay -update`")
}
