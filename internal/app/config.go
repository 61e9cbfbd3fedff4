package app

import (
	"github.com/alecthomas/kong"

	"github.com/postwright/postwright/internal/reach"
	"github.com/postwright/postwright/internal/vendors/webpush"
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
	LLM          LLMConfig          `embed:"" prefix:"llm-"`
	Notification NotificationConfig `embed:"" prefix:"notification-"`
	SMTP         SMTPConfig         `embed:"" prefix:"smtp-"`
	WebPush      WebPushConfig      `embed:"" prefix:"webpush-"`
	Jobs         JobsConfig         `embed:"" prefix:"jobs-"`
	Publishing   PublishingConfig   `embed:"" prefix:"publishing-"`
	Retention    RetentionConfig    `embed:"" prefix:"retention-"`
	Webhooks     WebhooksConfig     `embed:"" prefix:"webhooks-"`
	Session      SessionConfig      `embed:"" prefix:"session-"`
}

// ServerConfig is the API's.
type ServerConfig struct {
	Listen    string   `help:"Address to listen on, as host:port." default:"127.0.0.1:8080"`
	PublicURL string   `name:"server-public-url" env:"POSTWRIGHT_SERVER_PUBLIC_URL" help:"Where browsers reach this server, such as https://posts.example.org; members' consents need it, and it says whether the console's cookie is for TLS alone."`
	Origins   []string `help:"Web origins whose pages may call, such as https://app.example.org; none by default."`

	Connections     Count `name:"server-connections" env:"POSTWRIGHT_SERVER_CONNECTIONS" help:"Connections of clients that are open at once. When there are that many, the address with the most gives one up for a new one of an address with fewer; otherwise the new one is closed." default:"4000"`
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
	Engines []string `help:"Who analyses texts, in the order in which they are asked until one answers: llm (the language model of --llm-url), api (the analysis API of --analysis-url) or builtin (rules for English that need no network). By default llm where its URL is set, then api where its is, and builtin after llm or where neither is."`
	URL     string   `help:"The analysis API; none by default."`
	Token   Secret   `help:"Sent to the analysis API as bearer token."`
}

// LLMConfig is that of the language model.
type LLMConfig struct {
	URL         string `help:"A language model behind OpenAI's API or one that is compatible, as its base URL, such as https://api.openai.com/v1 or http://127.0.0.1:11434; none by default."`
	Token       Secret `help:"Sent to the language model's server as bearer token."`
	Model       string `help:"Which of the server's models is asked, such as gpt-4o-mini."`
	MaxTokens   Count  `help:"Tokens that one answer may have at most, those of its thinking included." default:"4096"`
	DailyTokens Count  `help:"Tokens of questions and answers that may be used in a day (UTC), by all processes together; 0 for no limit." default:"1000000"`
	InputPrice  Price  `help:"What a million tokens of questions cost, in any currency: for analysis_llm_cost_total and the cost of each analysis." default:"0"`
	OutputPrice Price  `help:"What a million tokens of answers cost, in the same." default:"0"`
}

// NotificationConfig is that of the messages to people: who sends them, and how many.
type NotificationConfig struct {
	Email string `help:"Who sends e-mails: smtp (the mail server of --smtp-url), api (the notification API of --notification-url) or log (they are written to the log, and go nowhere). By default the first of these that is set up."`
	Push  string `help:"Who sends push messages: webpush (the push services of browsers that users have subscribed, with --webpush-private-key), api (the notification API of --notification-url) or log. By default the first of these that is set up."`
	URL   string `help:"The notification API; none by default."`
	Token Secret `help:"Sent to the notification API as bearer token."`
	// The first two are about messages that callers write, the last about those that Postwright writes by itself.
	Allow               []string `help:"Whom callers may send e-mail besides themselves: addresses such as ada@example.org, and domains such as @example.org, without their subdomains."`
	DailyLimit          Count    `help:"Messages at most that a user may send in a day (UTC), delivered or not; 0 for none." default:"100"`
	AutomaticDailyLimit Count    `help:"Messages at most that a user gets in a day (UTC) about posts that went out, and as many about posts that did not, by e-mail and by push each." default:"50"`
}

// SMTPConfig is that of the mail server.
type SMTPConfig struct {
	URL  Secret `name:"url" help:"The mail server, as smtp://user:password@host:587 (goes on with STARTTLS, or not at all) or smtps://user:password@host:465 (TLS); without the user where it wants none. With ?tls=none after it nothing is encrypted, and no password may be in it; so it is for a server on this machine anyway, unless ?tls=required is after it."`
	From string `help:"Who writes, as an address or as a name and an address: Postwright <posts@example.org>."`
}

// WebPushConfig is that of the messages to browsers.
type WebPushConfig struct {
	PrivateKey   Secret `help:"The key that proves to browsers' push services who writes; make one with 'postwright vapid-keys'. Browsers are subscribed with it: with another, all must subscribe again."`
	Contact      string `help:"Where push services reach you when something is wrong: an address such as mailto:ops@example.org, or an https URL."`
	AllowPrivate bool   `help:"Let browsers' push services be at addresses that are not public, of this machine and its networks, and at http URLs. Whoever has an API key then reaches what this server reaches there."`
}

func (c WebPushConfig) client() webpush.Config {
	return webpush.Config{
		PrivateKey: c.PrivateKey.Reveal(), Contact: c.Contact, Reach: reach.Reach{Private: c.AllowPrivate, HTTP: c.AllowPrivate},
	}
}

// JobsConfig is that of the work in the background.
type JobsConfig struct {
	MaxWorkers  Count    `help:"Jobs worked at once." default:"10"`
	Timeout     Duration `help:"Limit of one run of a job; longer than that of a call to a vendor by 25s at least." default:"90s"`
	RescueAfter Duration `help:"When a job whose process died is taken up again; longer than --jobs-timeout by 5s at least." default:"3m"`
}

// SessionConfig is that of people who are signed in.
type SessionConfig struct {
	Idle     Duration `help:"How long somebody stays signed in without calling." default:"336h"`
	Lifetime Duration `help:"How long somebody stays signed in at most." default:"2160h"`
}

// RetentionConfig is for how long is kept what nobody deletes. docs/retention.md has all tables.
type RetentionConfig struct {
	Requests      Duration `help:"How long a request id is remembered at least; a call repeated later takes effect again." default:"168h"`
	Notifications Duration `help:"How long it is kept what was sent to whom." default:"2160h"`
	Transitions   Duration `help:"How long the state changes of a post that rests are kept." default:"720h"`
	WebhookEvents Duration `help:"How long it is kept what was sent to webhooks, and what came of it." default:"720h"`
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
	NumbersPlan        string   `help:"When a post's numbers are asked for by themselves: times since it went out, the shortest first, with d for days and w for weeks. Right away they say little. Empty: only when somebody asks." default:"1h,6h,1d,2d,4d,1w,2w,3w,4w,5w,6w,7w,8w,9w,10w,11w,12w,13w"`
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
