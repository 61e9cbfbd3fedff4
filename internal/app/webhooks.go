package app

import (
	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/reach"
	"github.com/postwright/postwright/internal/sunset"
	"github.com/postwright/postwright/internal/webhooks"
)

// WebhooksConfig is that of the endpoints that programs are told at.
type WebhooksConfig struct {
	AllowPrivate bool  `help:"Let webhooks be sent to addresses that are not public: of this machine and its networks. Whoever has an API key then reaches what this server reaches there."`
	AllowHTTP    bool  `name:"allow-http" help:"Let webhooks be sent to http URLs too."`
	DailyLimit   Count `help:"Deliveries of webhooks at most that a user may have in a day (UTC); 0 for none." default:"20000"`
}

func (v *validation) webhooks(c WebhooksConfig) {
	v.count("--webhooks-daily-limit", c.DailyLimit, 0, 100_000_000)
}

// wireWebhooks makes what tells programs.
func (a *App) wireWebhooks(vault *accounts.Vault) *webhooks.Service {
	return webhooks.New(webhooks.Dependencies{
		Store: a.store, Jobs: a.jobs, Vault: vault, Follow: notify.AfterWebhookOff, Hold: a.held, Observer: a.metrics.Webhooks(webhooks.Outcomes()),
		Settings: webhooks.Settings{
			Reach:           reach.Reach{Private: a.cfg.Webhooks.AllowPrivate, HTTP: a.cfg.Webhooks.AllowHTTP},
			DailyDeliveries: int64(a.cfg.Webhooks.DailyLimit.Value),
		},
		Now: Now, Log: a.log,
	})
}

// beforeSunset names the jobs that tell a user, and their programs, how the LinkedIn version ends.
func beforeSunset(owner uuid.UUID, e sunset.Ending) []river.JobArgs {
	return append(notify.BeforeSunset(owner, e), webhooks.BeforeSunset(owner, e, Now())...)
}
