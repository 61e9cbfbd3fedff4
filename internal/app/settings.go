package app

import (
	"context"
	"strings"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/analysis"
	"github.com/postwright/postwright/internal/analytics"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/retention"
	"github.com/postwright/postwright/internal/rpc"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/linkedin"
	"github.com/postwright/postwright/internal/vendors/llmapi"
	"github.com/postwright/postwright/internal/vendors/notifyapi"
)

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

// engines are those that analyse texts, in the order in which they are asked.
func (c Config) engines() (order []string) {
	if len(c.Analysis.Engines) > 0 {
		return c.Analysis.Engines
	}
	if c.LLM.URL != "" {
		order = append(order, analysis.LLM)
	}
	if c.Analysis.URL != "" {
		order = append(order, analysis.API)
	}
	if c.LLM.URL != "" || c.Analysis.URL == "" {
		order = append(order, analysis.Builtin)
	}
	return order
}

func (c AnalysisConfig) client() analysisapi.Config {
	return analysisapi.Config{URL: c.URL, Token: c.Token.Reveal()}
}

func (c LLMConfig) client() llmapi.Config {
	return llmapi.Config{URL: c.URL, Token: c.Token.Reveal(), Model: c.Model}
}

func (c LLMConfig) settings() analysis.LLMSettings {
	return analysis.LLMSettings{
		MaxTokens: c.MaxTokens.Value, DailyTokens: int64(c.DailyTokens.Value), InputPrice: c.InputPrice.Value, OutputPrice: c.OutputPrice.Value,
	}
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
	return retention.Periods{
		Requests: c.Requests.Value, Notifications: c.Notifications.Value, Transitions: c.Transitions.Value, WebhookEvents: c.WebhookEvents.Value,
	}
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

func (c Config) works() bool { return c.Role != "api" }

func (c PublishingConfig) plan() analytics.Plan {
	plan, _ := analytics.ParsePlan(c.NumbersPlan) // Verify has told what is wrong
	return plan
}

func (c PublishingConfig) rules(version string) decision.Rules {
	return decision.Rules{
		OverdueWindow: c.OverdueWindow.Value, RetryWait: c.RetryWait.Value,
		AccountConcurrency: c.AccountConcurrency.Value, ReadBackAfter: c.ReadBackAfter.Value, DuplicateWindow: c.DuplicateWindow.Value,
		Version: version,
	}
}
