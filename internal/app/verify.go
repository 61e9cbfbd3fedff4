package app

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/analytics"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/telemetry"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/llmapi"
	"github.com/postwright/postwright/internal/vendors/smtp"
	"github.com/postwright/postwright/internal/vendors/webpush"
)

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
	v.analysis(c)
	v.llm(c)
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
	_, problems := analytics.ParsePlan(c.Publishing.NumbersPlan)
	for _, problem := range problems {
		v.wrong("--publishing-numbers-plan", "%s", problem)
	}
	v.duration("--publishing-read-back-after", c.Publishing.ReadBackAfter, time.Second, 24*time.Hour)
	v.notification(c.Notification)
	v.senders(c)
	v.webPush(c)
	v.retention(c.Retention)
	v.webhooks(c.Webhooks)
	v.sessions(c.Session)
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

func (v *validation) analysis(all Config) {
	c, engines := all.Analysis, []string{analysis.LLM, analysis.API, analysis.Builtin}
	for i, engine := range c.Engines {
		switch {
		case !slices.Contains(engines, engine):
			v.wrong("--analysis-engines", "holds %q, which is none of %s", fault.Clip(engine, 50), strings.Join(engines, ", "))
		case slices.Contains(c.Engines[:i], engine):
			v.wrong("--analysis-engines", "names %s twice", engine)
		}
	}
	if c.URL == "" && slices.Contains(c.Engines, analysis.API) {
		v.wrong("--analysis-url", "is missing: --analysis-engines names %s", analysis.API)
	}
	for _, f := range c.client().Faults() {
		if c.URL != "" || f.Path == analysisapi.TokenSetting { // without an address there is none to object to
			v.vendor([]fault.Field{f})
		}
	}
}

func (v *validation) llm(all Config) {
	c := all.LLM
	named := slices.Contains(all.Analysis.Engines, analysis.LLM)
	if c.URL == "" && named {
		v.wrong("--llm-url", "is missing: --analysis-engines names %s", analysis.LLM)
	}
	for _, f := range c.client().Faults() {
		if c.URL != "" || f.Path == llmapi.TokenSetting { // without an address there is none to object to
			v.vendor([]fault.Field{f})
		}
	}
	v.count("--llm-max-tokens", c.MaxTokens, 64, 1_000_000)
	v.count("--llm-daily-tokens", c.DailyTokens, 0, 1<<40)
	least := int(analysis.LeastDailyTokens(c.MaxTokens.Value))
	if c.DailyTokens.Value > 0 && c.DailyTokens.Value < least && !c.DailyTokens.broken && !c.MaxTokens.broken {
		v.wrong("--llm-daily-tokens", "must be 0 for no limit, or at least %d, what the three questions about the longest post may take", least)
	}
	v.price("--llm-input-price", c.InputPrice)
	v.price("--llm-output-price", c.OutputPrice)
}

func (v *validation) price(flag string, p Price) {
	const most = 1_000_000
	if p.broken || !(p.Value >= 0 && p.Value <= most) { // NaN is neither
		v.wrong(flag, "must be an amount from 0 to %d for a million tokens, such as 0.15", most)
	}
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
	v.duration("--retention-webhook-events", c.WebhookEvents, 48*time.Hour, longest) // they are tried for a day
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
	v.count("--server-connections", c.Connections, 10, 1_000_000)
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
	llmapi.URLSetting: "--llm-url", llmapi.TokenSetting: "--llm-token", llmapi.ModelSetting: "--llm-model",
	"notification URL": "--notification-url", "notification token": "--notification-token",
	smtp.URLSetting: "--smtp-url", smtp.FromSetting: "--smtp-from",
	webpush.KeySetting: "--webpush-private-key", webpush.ContactSetting: "--webpush-contact",
}

func (v *validation) vendor(faults []fault.Field) {
	for _, f := range faults {
		v.wrong(cmp.Or(vendorFlags[f.Path], f.Path), "%s", f.Problem)
	}
}
