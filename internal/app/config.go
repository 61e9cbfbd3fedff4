package app

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/retention"
	"github.com/postwright/postwright/internal/rpc"
	"github.com/postwright/postwright/internal/telemetry"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/linkedin"
	"github.com/postwright/postwright/internal/vendors/notifyapi"
)

// Config is everything that can be set. Each field is a flag, and an environment variable of the same name in capitals
// after POSTWRIGHT_; secrets belong in the environment, where other users' process lists don't show them.
type Config struct {
	Role         string             `help:"What this process does: serve the API (api), work the jobs (workers), or both (all). Every role serves /healthz, /readyz and /metrics." enum:"all,api,workers" default:"all"`
	Server       ServerConfig       `embed:""`
	Database     DatabaseConfig     `embed:"" prefix:"database-"`
	Cache        CacheConfig        `embed:""`
	Outbound     OutboundConfig     `embed:"" prefix:"outbound-"`
	LinkedIn     LinkedInConfig     `embed:"" prefix:"linkedin-"`
	Analysis     AnalysisConfig     `embed:"" prefix:"analysis-"`
	Notification NotificationConfig `embed:"" prefix:"notification-"`
	Jobs         JobsConfig         `embed:"" prefix:"jobs-"`
	Publishing   PublishingConfig   `embed:"" prefix:"publishing-"`
	Retention    RetentionConfig    `embed:"" prefix:"retention-"`
}

// ServerConfig is the API's.
type ServerConfig struct {
	Listen    string   `help:"Address to listen on, as host:port." default:"127.0.0.1:8080"`
	PublicURL string   `name:"server-public-url" env:"POSTWRIGHT_SERVER_PUBLIC_URL" help:"Where browsers reach this server, such as https://posts.example.org; members' consents need it."`
	Origins   []string `help:"Web origins whose pages may call, such as https://app.example.org; none by default."`

	Streams         Count `name:"server-streams" env:"POSTWRIGHT_SERVER_STREAMS" help:"Streams that follow posts and are open at once, as many as memory allows. When there are that many, an owner may have no more than an equal part of them, but always one." default:"1000"`
	StreamsPerOwner Count `name:"server-streams-per-owner" env:"POSTWRIGHT_SERVER_STREAMS_PER_OWNER" help:"Streams of one owner that are open at once." default:"100"`

	ShutdownGrace Duration `name:"server-shutdown-grace" help:"Limit of a stop, all in all: calls and jobs under way have four fifths of it to end, then they are cut off." default:"25s"`
	ShutdownDelay Duration `name:"server-shutdown-delay" help:"How long /readyz says that the server is stopping while calls are still taken, at the beginning of --server-shutdown-grace and at most half of it; behind a load balancer, as long as that needs to notice." default:"0s"`

	PprofListen string `name:"pprof-listen" env:"POSTWRIGHT_PPROF_LISTEN" help:"Address of this machine to serve profiles of the process on, such as 127.0.0.1:6060; none by default. Whoever reads them sees what the process does, and makes it slower."`

	ClientAddressHeader string `name:"server-client-address-header" help:"Header in which your proxy tells the caller's address, such as X-Forwarded-For; the last entry counts. None by default: set it only if every call comes through the proxy."`

	KeyRate       Count `name:"server-key-rate" help:"Calls a second with one API key; 0 for no limit." default:"200"`
	KeyBurst      Count `name:"server-key-burst" help:"Calls at once with one API key, after a rest." default:"1000"`
	OwnerRate     Count `name:"server-owner-rate" help:"Calls a second with all API keys of one user together; 0 for no limit." default:"400"`
	OwnerBurst    Count `name:"server-owner-burst" help:"Calls at once with all API keys of one user, after a rest." default:"2000"`
	OwnerCalls    Count `name:"server-owner-calls" help:"Calls of one user that are carried out at once; ten times as many wait, more are refused. 0 for half of --database-max-connections." default:"0"`
	WrongKeyRate  Count `name:"server-wrong-key-rate" help:"Missing or wrong API keys a second from one address; 0 for no limit." default:"1"`
	WrongKeyBurst Count `name:"server-wrong-key-burst" help:"Missing or wrong API keys at once from one address, after a rest." default:"20"`
}

// DatabaseConfig is PostgreSQL's.
type DatabaseConfig struct {
	URL              Secret   `help:"Where the database is, as a postgres:// URL."`
	DirectURL        Secret   `name:"direct-url" help:"Where PostgreSQL itself is, when --database-url leads to a pooler that shares sessions between transactions (PgBouncer, Supabase, Neon and others): migrations and what listens for changes go there."`
	MinConnections   Count    `help:"Connections kept open." default:"5"`
	MaxConnections   Count    `help:"Connections at most. A process that serves the API has one more, which listens for changes, and one that works jobs another." default:"20"`
	AcquireTimeout   Duration `help:"Limit of the wait for a free connection." default:"5s"`
	LockTimeout      Duration `help:"Limit of the wait for a row that other work has locked." default:"10s"`
	OperationTimeout Duration `help:"Limit of one operation, with its waits and repeats; longer than --database-acquire-timeout and --database-lock-timeout." default:"30s"`
}

// CacheConfig is that of what is kept of rows that are read often. docs/cache.md tells how new it is.
type CacheConfig struct {
	Bytes    Count    `name:"cache-bytes" help:"Memory for posts and API keys that were read lately, in bytes, about; 0 keeps none." default:"33554432"`
	Life     Duration `name:"cache-life" help:"How long they are kept at most; changes are seen long before." default:"5m"`
	RedisURL Secret   `name:"redis-url" env:"POSTWRIGHT_REDIS_URL,REDIS_URL" help:"Redis 6 or newer in which several processes share what they have read, as redis://:password@host:6379/0, rediss:// for TLS, or unix:///path; none by default. Nothing depends on it."`
}

// OutboundConfig is that of the calls to all vendors.
type OutboundConfig struct {
	MaxConnections        Count    `help:"Connections to vendors at most, in all." default:"100"`
	MaxConnectionsPerHost Count    `help:"Connections to one host at most." default:"20"`
	KeepNames             Duration `help:"How long the addresses of vendors' host names are kept; 0s to look them up for each connection." default:"5m"`
	AttemptTimeout        Duration `help:"Limit of one attempt to call a vendor." default:"30s"`
	Budget                Duration `help:"Limit of all attempts of one operation, with the waits between them." default:"40s"`
	Attempts              Count    `help:"How often an operation is attempted at most, where it may be repeated." default:"3"`
	BreakerFailures       Count    `help:"Failures in a row after which a vendor's host is left alone." default:"5"`
	BreakerDelay          Duration `help:"How long a vendor's host is left alone." default:"1m"`
	Policy                []string `help:"Another policy for one operation, such as linkedin.getPost=attempts:5,timeout:10s; also budget and hedge. 'postwright policies' shows them all." sep:";"`
	MaxBodyBytes          Count    `help:"Size of a vendor's answer at most." default:"1048576"`
}

// LinkedInConfig is LinkedIn's.
type LinkedInConfig struct {
	APIURL        string   `name:"api-url" help:"LinkedIn's API." default:"https://api.linkedin.com"`
	AuthURL       string   `name:"auth-url" help:"LinkedIn's OAuth." default:"https://www.linkedin.com"`
	Version       string   `help:"LinkedIn-Version to ask for, YYYYMM; each is served for about a year." default:"202609"`
	Scopes        []string `help:"What members are asked to consent to; asking for other scopes than before ends their earlier tokens." default:"openid,profile,email,w_member_social"`
	Legacy        bool     `help:"Create posts through /v2/ugcPosts, for apps that /rest/posts refuses."`
	DailyRequests Count    `help:"Requests with one account's token that LinkedIn takes in a day (UTC): 150 for the product Share on LinkedIn; for others see the Developer Portal. 0 if nobody knows: then numbers may use up what posts need." default:"150"`

	ClientID     string `name:"client-id" help:"The LinkedIn app's id."`
	ClientSecret Secret `name:"client-secret" help:"The LinkedIn app's secret."`

	AppAccounts []string     `name:"app-accounts" help:"Whose accounts the app of --linkedin-client-id is for: members, pages, or both." default:"members,pages"`
	AppIdentity string       `name:"app-identity" help:"How that app finds out who a member is: userinfo (OpenID Connect) or me (/v2/me, with r_basicprofile)." default:"userinfo"`
	AppsFile    LinkedInApps `name:"apps-file" help:"JSON file with further LinkedIn apps, since LinkedIn gives the Community Management API only to an app of its own: see docs/accounts.md. It holds secrets." placeholder:"PATH"`

	TokenKeyset Secret `name:"token-keyset" env:"POSTWRIGHT_TOKEN_KEYSET" help:"Keyset that seals tokens at rest; make one with 'postwright account keyset'."`
}

// AnalysisConfig is that of the engines that analyse texts.
type AnalysisConfig struct {
	Engines []string `help:"Who analyses texts, in the order in which they are asked until one answers: api (the analysis API of --analysis-url) or builtin (rules for English that need no network). By default the analysis API where its URL is set, and builtin where not."`
	URL     string   `help:"The analysis API; none by default."`
	Token   Secret   `help:"Sent to the analysis API as bearer token."`
}

// NotificationConfig is the notification API's.
type NotificationConfig struct {
	URL   string `help:"The notification API." default:"http://127.0.0.1:8090"`
	Token Secret `help:"Sent to the notification API as bearer token."`
	// The first two are about messages that callers write, the last about those that Postwright writes by itself.
	Allow               []string `help:"Whom callers may send e-mail besides themselves: addresses such as ada@example.org, and domains such as @example.org, without their subdomains."`
	DailyLimit          Count    `help:"Messages at most that a user may send in a day (UTC), delivered or not; 0 for none." default:"100"`
	AutomaticDailyLimit Count    `help:"Messages at most that a user gets in a day (UTC) about posts that went out, and as many about posts that did not, by e-mail and by push each." default:"50"`
}

// JobsConfig is that of the work in the background.
type JobsConfig struct {
	MaxWorkers  Count    `help:"Jobs worked at once." default:"10"`
	Timeout     Duration `help:"Limit of one run of a job; longer than that of a call to a vendor by 25s at least." default:"90s"`
	RescueAfter Duration `help:"When a job whose process died is taken up again; longer than --jobs-timeout by 5s at least." default:"3m"`
}

// RetentionConfig is for how long is kept what nobody deletes. docs/retention.md has all tables.
type RetentionConfig struct {
	Requests      Duration `help:"How long a request id is remembered at least; a call repeated later takes effect again." default:"168h"`
	Notifications Duration `help:"How long it is kept what was sent to whom." default:"2160h"`
	Transitions   Duration `help:"How long the state changes of a post that rests are kept." default:"720h"`
	CompletedJobs Duration `help:"How long jobs that are done are kept." default:"24h"`
	DiscardedJobs Duration `help:"How long jobs that were given up or cancelled are kept." default:"168h"`
}

// PublishingConfig is the rules of publishing.
type PublishingConfig struct {
	OverdueWindow      Duration `help:"How late a post may still go out when nothing was running at its time, or LinkedIn could not be reached; after that it fails." default:"1h"`
	RetryWait          Duration `help:"Least wait before a create that surely did not reach LinkedIn is tried again." default:"4s"`
	AccountConcurrency Count    `help:"Posts of one account that are sent at once, over all processes." default:"5"`
	DuplicateWindow    Duration `help:"For how long LinkedIn is taken to refuse the same text again: later, a post in doubt is sent once more only if its author has looked." default:"10m"`
	Reserve            Count    `help:"Of --linkedin-daily-requests, how many are kept for posts that nobody has approved yet; those that are approved or scheduled for the day have theirs besides." default:"30"`
	NumbersAfter       Duration `help:"How long after a post went out its numbers are asked for the first time: right away they say little." default:"1h"`
	ReadBackAfter      Duration `help:"How long after an answer was lost a page's posts are read the last time to see whether the post is there." default:"15m"`
}

// Defaults is the configuration of a command line without flags, for a program that brings its own.
func Defaults() Config {
	var cfg Config
	parser := kong.Must(&cfg)
	if _, err := parser.Parse(nil); err != nil {
		panic("app: the defaults can't be read: " + err.Error()) // they are constants of this file
	}
	return cfg
}

// Verify lists every fault of the configuration, each under its flag.
func (c Config) Verify() error {
	var v validation
	if !slices.Contains([]string{"all", "api", "workers"}, c.Role) {
		v.wrong("--role", "must be all, api or workers")
	}
	if _, port, err := net.SplitHostPort(c.Server.Listen); err != nil || port == "" {
		v.wrong("--listen", "must be host:port, such as 127.0.0.1:8080")
	}
	if host, port, err := net.SplitHostPort(c.Server.PprofListen); c.Server.PprofListen != "" && (err != nil || port == "" || !loopback(host)) {
		v.wrong("--pprof-listen", "must be host:port of this machine, such as 127.0.0.1:6060: profiles are for its operator alone")
	}
	for _, origin := range c.Server.Origins {
		if _, ok := readOrigin(origin); !ok {
			v.wrong("--origins", "holds %q, which is not an origin such as https://app.example.org", origin)
		}
	}
	v.publicURL(c.Server.PublicURL)
	v.limits(c.Server)
	v.linkedInApps(c.LinkedIn)
	v.database(c.Database)
	v.cache(c.Cache)
	if c.LinkedIn.TokenKeyset != "" {
		if _, err := accounts.NewVault(c.LinkedIn.TokenKeyset.Reveal()); err != nil {
			v.wrong("--linkedin-token-keyset", "(POSTWRIGHT_TOKEN_KEYSET) can't be read: make one with `postwright account keyset`")
		}
	}
	v.outbound(c.Outbound)
	v.vendor(c.LinkedIn.client().Faults())
	v.analysis(c.Analysis)
	v.vendor(c.Notification.client().Faults())
	v.count("--jobs-max-workers", c.Jobs.MaxWorkers, 1, 1_000)
	v.duration("--jobs-timeout", c.Jobs.Timeout, time.Second, time.Hour)
	v.duration("--jobs-rescue-after", c.Jobs.RescueAfter, time.Second, 2*time.Hour)
	if least := c.Outbound.Budget.Value + jobMargin; c.Jobs.Timeout.Value < least && c.Outbound.Budget.Value <= maxAttemptTimeout {
		v.wrong("--jobs-timeout", "must be at least %s: --outbound-budget and %s to write the outcome", least, jobMargin)
	}
	if least := c.Jobs.Timeout.Value + rescueMargin; c.Jobs.RescueAfter.Value < least {
		v.wrong("--jobs-rescue-after", "must be at least %s: --jobs-timeout and %s", least, rescueMargin)
	}
	v.duration("--publishing-overdue-window", c.Publishing.OverdueWindow, time.Second, 30*24*time.Hour)
	v.duration("--publishing-retry-wait", c.Publishing.RetryWait, 10*time.Millisecond, time.Hour)
	v.count("--publishing-account-concurrency", c.Publishing.AccountConcurrency, 1, 1_000)
	v.duration("--publishing-duplicate-window", c.Publishing.DuplicateWindow, time.Second, 7*24*time.Hour)
	v.count("--linkedin-daily-requests", c.LinkedIn.DailyRequests, 0, 1_000_000)
	v.count("--publishing-reserve", c.Publishing.Reserve, 0, 1_000_000)
	if daily := c.LinkedIn.DailyRequests.Value; daily > 0 && c.Publishing.Reserve.Value > daily {
		v.wrong("--publishing-reserve", "must be at most --linkedin-daily-requests, which is %d", daily)
	}
	v.duration("--publishing-numbers-after", c.Publishing.NumbersAfter, 0, 7*24*time.Hour)
	v.duration("--publishing-read-back-after", c.Publishing.ReadBackAfter, time.Second, 24*time.Hour)
	v.notification(c.Notification)
	v.retention(c.Retention)
	v.faults = append(v.faults, telemetry.TracesFaults()...)
	v.proxies(os.Getenv, c.called())
	return fault.Fields(v.faults...)
}

// Verify lists every fault of the database's configuration alone, for commands that need no more.
func (c DatabaseConfig) Verify() error {
	var v validation
	v.database(c)
	return fault.Fields(v.faults...)
}

// Verify lists every fault of what concerns the calls to vendors alone, for the command that shows it.
func (c OutboundConfig) Verify() error {
	var v validation
	v.outbound(c)
	return fault.Fields(v.faults...)
}

type validation struct{ faults []fault.Field }

func (v *validation) outbound(c OutboundConfig) {
	v.count("--outbound-max-connections", c.MaxConnections, 1, 10_000)
	v.count("--outbound-max-connections-per-host", c.MaxConnectionsPerHost, 1, 10_000)
	v.duration("--outbound-keep-names", c.KeepNames, 0, time.Hour)
	v.duration("--outbound-attempt-timeout", c.AttemptTimeout, 100*time.Millisecond, maxAttemptTimeout)
	v.duration("--outbound-budget", c.Budget, 100*time.Millisecond, maxAttemptTimeout)
	if c.AttemptTimeout.Value > c.Budget.Value && c.AttemptTimeout.Value <= maxAttemptTimeout && !c.Budget.broken {
		v.wrong("--outbound-attempt-timeout", "must not be more than --outbound-budget, which is %s", c.Budget.Value)
	}
	v.count("--outbound-attempts", c.Attempts, 1, 10)
	v.count("--outbound-breaker-failures", c.BreakerFailures, 1, 1_000)
	v.duration("--outbound-breaker-delay", c.BreakerDelay, 100*time.Millisecond, time.Hour)
	v.count("--outbound-max-body-bytes", c.MaxBodyBytes, 1<<10, 64<<20)
	_, faults := c.Policies()
	v.faults = append(v.faults, faults...)
}

func (v *validation) analysis(c AnalysisConfig) {
	engines := []string{analysis.API, analysis.Builtin}
	for i, engine := range c.Engines {
		switch {
		case !slices.Contains(engines, engine):
			v.wrong("--analysis-engines", "holds %q, which is none of %s", fault.Clip(engine, 50), strings.Join(engines, ", "))
		case slices.Contains(c.Engines[:i], engine):
			v.wrong("--analysis-engines", "names %s twice", engine)
		}
	}
	if c.URL == "" && slices.Contains(c.order(), analysis.API) {
		v.wrong("--analysis-url", "is missing: --analysis-engines names %s", analysis.API)
	}
	for _, f := range c.client().Faults() {
		if c.URL != "" || f.Path == analysisapi.TokenSetting { // without an address there is none to object to
			v.vendor([]fault.Field{f})
		}
	}
}

// order is in which the engines are asked.
func (c AnalysisConfig) order() []string {
	switch {
	case len(c.Engines) > 0:
		return c.Engines
	case c.URL != "":
		return []string{analysis.API}
	}
	return []string{analysis.Builtin}
}

func (v *validation) notification(c NotificationConfig) {
	_, problems := notify.ParseAllowed(c.Allow)
	for _, problem := range problems {
		v.wrong("--notification-allow", "%s", problem)
	}
	v.count("--notification-daily-limit", c.DailyLimit, 0, 1_000_000)
	v.count("--notification-automatic-daily-limit", c.AutomaticDailyLimit, 1, 1_000_000)
}

// retention has least times too: who repeats a call that failed has an hour for it, and what just happened can be looked at.
func (v *validation) retention(c RetentionConfig) {
	const longest = 10 * 365 * 24 * time.Hour
	v.duration("--retention-requests", c.Requests, time.Hour, longest)
	v.duration("--retention-notifications", c.Notifications, time.Hour, longest)
	v.duration("--retention-transitions", c.Transitions, time.Hour, longest)
	v.duration("--retention-completed-jobs", c.CompletedJobs, time.Minute, longest)
	v.duration("--retention-discarded-jobs", c.DiscardedJobs, time.Minute, longest)
}

// headerForm is that of a header's name. Forwarded is none that holds a plain list of addresses.
var headerForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

func (v *validation) limits(c ServerConfig) {
	v.duration("--server-shutdown-grace", c.ShutdownGrace, time.Second, time.Hour)
	v.duration("--server-shutdown-delay", c.ShutdownDelay, 0, time.Hour)
	if half := c.ShutdownGrace.Value / 2; c.ShutdownDelay.Value > half && !c.ShutdownGrace.broken && !c.ShutdownDelay.broken {
		v.wrong("--server-shutdown-delay", "must be at most %s, half of --server-shutdown-grace", half)
	}
	if h := c.ClientAddressHeader; h != "" && (!headerForm.MatchString(h) || strings.EqualFold(h, "Forwarded")) {
		v.wrong("--server-client-address-header", "must be the name of a header that holds addresses, such as X-Forwarded-For")
	}
	v.count("--server-streams", c.Streams, 1, 100_000)
	v.count("--server-streams-per-owner", c.StreamsPerOwner, 1, 100_000)
	if c.StreamsPerOwner.Value > c.Streams.Value && !c.StreamsPerOwner.broken && !c.Streams.broken {
		v.wrong("--server-streams-per-owner", "must not be more than --server-streams, which is %d", c.Streams.Value)
	}
	const most = 1_000_000
	v.count("--server-key-rate", c.KeyRate, 0, most)
	v.count("--server-key-burst", c.KeyBurst, 1, most)
	v.count("--server-owner-rate", c.OwnerRate, 0, most)
	v.count("--server-owner-burst", c.OwnerBurst, 1, most)
	v.count("--server-owner-calls", c.OwnerCalls, 0, 10_000)
	v.count("--server-wrong-key-rate", c.WrongKeyRate, 0, most)
	v.count("--server-wrong-key-burst", c.WrongKeyBurst, 1, most)
}

func (v *validation) wrong(flag, format string, args ...any) {
	v.faults = append(v.faults, fault.Field{Path: flag, Problem: fmt.Sprintf(format, args...)})
}

func (v *validation) database(c DatabaseConfig) {
	switch c.URL {
	case "":
		v.wrong("--database-url", "is missing: set POSTWRIGHT_DATABASE_URL to a postgres:// URL")
	default:
		v.databaseURL("--database-url", c.URL)
	}
	if c.DirectURL != "" {
		v.databaseURL("--database-direct-url", c.DirectURL)
	}
	v.count("--database-min-connections", c.MinConnections, 0, 1_000)
	v.count("--database-max-connections", c.MaxConnections, 2, 1_000)
	if c.MinConnections.Value > c.MaxConnections.Value && !c.MinConnections.broken && !c.MaxConnections.broken {
		v.wrong("--database-min-connections", "must not be more than --database-max-connections")
	}
	v.duration("--database-operation-timeout", c.OperationTimeout, 10*time.Millisecond, 10*time.Minute)
	v.duration("--database-acquire-timeout", c.AcquireTimeout, 10*time.Millisecond, 10*time.Minute)
	v.duration("--database-lock-timeout", c.LockTimeout, 10*time.Millisecond, 10*time.Minute)
	v.less("--database-acquire-timeout", c.AcquireTimeout, "--database-operation-timeout", c.OperationTimeout)
	v.less("--database-lock-timeout", c.LockTimeout, "--database-operation-timeout", c.OperationTimeout)
}

func (v *validation) cache(c CacheConfig) {
	v.count("--cache-bytes", c.Bytes, 0, 1<<40)
	v.duration("--cache-life", c.Life, time.Second, 24*time.Hour)
	if c.RedisURL == "" {
		return
	}
	if err := cache.CheckRedisURL(c.RedisURL.Reveal()); err != nil {
		v.wrong("--redis-url", "%s", err)
	}
}

func (v *validation) databaseURL(flag string, url Secret) {
	if err := postgres.CheckURL(url.Reveal()); err != nil {
		v.wrong(flag, "%s", err)
	}
}

// publicURL may be empty. LinkedIn takes http only for loopback.
func (v *validation) publicURL(value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname()))) || u.RawQuery != "" || u.Fragment != "" {
		v.wrong("--server-public-url", "must be an https:// URL such as https://posts.example.org; http only for this machine")
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func (v *validation) count(flag string, c Count, least, most int) {
	if c.broken || c.Value < least || c.Value > most {
		v.wrong(flag, "must be a whole number from %d to %d", least, most)
	}
}

func (v *validation) duration(flag string, d Duration, least, most time.Duration) {
	if d.broken || d.Value < least || d.Value > most {
		v.wrong(flag, "must be a time from %s to %s, such as 30s", least, most)
	}
}

func (v *validation) less(flag string, inner Duration, around string, outer Duration) {
	if inner.Value >= outer.Value && !inner.broken && !outer.broken {
		v.wrong(flag, "must be less than %s, which is %s", around, outer.Value)
	}
}

// vendorFlags are the flags of what the vendors' clients name in their own words.
var vendorFlags = map[string]string{ //nolint:gosec // names of flags, no secrets
	"LinkedIn API URL": "--linkedin-api-url", "LinkedIn auth URL": "--linkedin-auth-url", "LinkedIn version": "--linkedin-version",
	"LinkedIn client id and secret": "--linkedin-client-id and --linkedin-client-secret",
	"analysis URL":                  "--analysis-url", "analysis token": "--analysis-token",
	"notification URL": "--notification-url", "notification token": "--notification-token",
}

func (v *validation) vendor(faults []fault.Field) {
	for _, f := range faults {
		v.wrong(cmp.Or(vendorFlags[f.Path], f.Path), "%s", f.Problem)
	}
}

// Store is the database's configuration for postgres.Open.
func (c DatabaseConfig) Store() postgres.Config {
	return postgres.Config{
		URL:              c.URL.Reveal(),
		DirectURL:        c.DirectURL.Reveal(),
		ApplicationName:  "postwright",
		MinConns:         int32(c.MinConnections.Value), //nolint:gosec // bounded by Verify
		MaxConns:         int32(c.MaxConnections.Value), //nolint:gosec // bounded by Verify
		AcquireTimeout:   c.AcquireTimeout.Value,
		LockTimeout:      c.LockTimeout.Value,
		OperationTimeout: c.OperationTimeout.Value,
		Constraints:      constraints(),
	}
}

// connections is how many a process of this role opens to PostgreSQL at most, 0 where a pooler makes them.
func (c Config) connections() int {
	if c.Database.DirectURL != "" {
		return 0
	}
	most := c.Database.MaxConnections.Value
	if c.serves() {
		most++ // listens for changes
	}
	if c.works() {
		most++ // listens for jobs
	}
	return most
}

// SessionURL is where each connection has a session of its own.
func (c DatabaseConfig) SessionURL() string {
	if c.DirectURL != "" {
		return c.DirectURL.Reveal()
	}
	return c.URL.Reveal()
}

// store is the database's configuration for a process of this role.
func (c Config) store() postgres.Config {
	cfg := c.Database.Store()
	cfg.ApplicationName = "postwright " + c.Role
	return cfg
}

func (c OutboundConfig) seam() outbound.Config {
	cfg := outbound.Defaults()
	cfg.MaxConns, cfg.MaxConnsPerHost = c.MaxConnections.Value, c.MaxConnectionsPerHost.Value
	cfg.KeepNames, cfg.Owner = c.KeepNames.Value, callerID
	return cfg
}

// callerID says for whom a call to a vendor is made; "" in a job, and where nobody proved who they are.
func callerID(ctx context.Context) string {
	id, err := identity.Caller(ctx)
	if err != nil {
		return ""
	}
	return id.String()
}

func (c LinkedInConfig) client() linkedin.Config {
	return linkedin.Config{
		APIURL: c.APIURL, AuthURL: c.AuthURL, Version: c.Version, Legacy: c.Legacy,
		ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(),
	}
}

func (c AnalysisConfig) client() analysisapi.Config {
	return analysisapi.Config{URL: c.URL, Token: c.Token.Reveal()}
}

func (c NotificationConfig) client() notifyapi.Config {
	return notifyapi.Config{URL: c.URL, Token: c.Token.Reveal()}
}

func (c NotificationConfig) limits() notify.Limits {
	allowed, _ := notify.ParseAllowed(c.Allow) // Verify has told what is wrong
	return notify.Limits{
		Allowed: allowed, Daily: int32(c.DailyLimit.Value), AutomaticDaily: int32(c.AutomaticDailyLimit.Value), //nolint:gosec // bounded by Verify
	}
}

func (c RetentionConfig) periods() retention.Periods {
	return retention.Periods{Requests: c.Requests.Value, Notifications: c.Notifications.Value, Transitions: c.Transitions.Value}
}

func (c Config) jobs() jobs.Config {
	grace := c.Server.ShutdownGrace.Value
	cfg := jobs.Config{
		Timeout: c.Jobs.Timeout.Value, RescueAfter: c.Jobs.RescueAfter.Value, Context: outbound.InJob,
		SoftStop: draining(grace), HardStop: cutting(grace),
		KeepCompleted: c.Retention.CompletedJobs.Value, KeepDiscarded: c.Retention.DiscardedJobs.Value,
	}
	if c.works() {
		cfg.MaxWorkers = c.Jobs.MaxWorkers.Value
	}
	return cfg
}

func (c Config) accounts(client *linkedin.Client) accounts.Settings {
	settings := accounts.Settings{
		Apps:  c.LinkedIn.accounts(client),
		Quota: accounts.Quota{Daily: c.LinkedIn.DailyRequests.Value, Reserve: c.Publishing.Reserve.Value},
		// With those of unknown keys at most three eighths of the connections look up what strangers send.
		ConsentLookUps: c.Database.MaxConnections.Value / 8,
	}
	if c.Server.PublicURL != "" {
		settings.CallbackURL = strings.TrimSuffix(c.Server.PublicURL, "/") + rpc.CallbackPath
	}
	return settings
}

// cache is the configuration of what is kept of rows from the database at a place. Who serves no calls reads none of them twice.
func (c Config) cache(place string) cache.Config {
	cfg := cache.Config{Bytes: c.Cache.Bytes.Value, Life: c.Cache.Life.Value, RedisURL: c.Cache.RedisURL.Reveal(), Place: place}
	if !c.serves() {
		cfg.Bytes = 0
	}
	return cfg
}

// serves and works say what a process of this role does.
func (c Config) serves() bool { return c.Role != "workers" }
func (c Config) works() bool  { return c.Role != "api" }

func (c PublishingConfig) rules(version string) decision.Rules {
	return decision.Rules{
		OverdueWindow: c.OverdueWindow.Value, RetryWait: c.RetryWait.Value,
		AccountConcurrency: c.AccountConcurrency.Value, ReadBackAfter: c.ReadBackAfter.Value, DuplicateWindow: c.DuplicateWindow.Value,
		Version: version,
	}
}
