package notify

import (
	"testing"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/sunset"
)

// Everything that tells somebody something does so through every channel, and is known as such, so that it can be held.
func TestWhoIsToldOfWhat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		jobs []river.JobArgs
		told bool
	}{
		"a publication":                   {AfterPublication(posts.Post{State: posts.StatePublished}, ""), true},
		"a scheduled post in danger":      {AfterPublication(posts.Post{State: posts.StateScheduled}, "Its token ends."), true},
		"an account that is paused":       {AfterAccount(accounts.Paused, accounts.Account{}), true},
		"an account whose token ends":     {AfterAccount(accounts.Expiring, accounts.Account{}), true},
		"an account that is connected":    {AfterAccount(accounts.Connected, accounts.Account{}), false},
		"an account that renewed itself":  {AfterAccount(accounts.Renewed, accounts.Account{}), false},
		"an account that was let go":      {AfterAccount(accounts.Disconnected, accounts.Account{}), false},
		"a version that LinkedIn ends":    {BeforeSunset(uuid.New(), sunset.Of("202609")), true},
		"a webhook that was switched off": {AfterWebhookOff(uuid.New(), "https://example.org", true), true},
		"a version that LinkedIn refuses": {BeforeSunset(uuid.New(), sunset.Ending{Version: "202609", Dead: true}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var channels []string
			for _, job := range c.jobs {
				require.True(t, Notifies(job.Kind()))
				switch job := job.(type) {
				case PublicationNoticeArgs:
					channels = append(channels, job.Channel)
				case WebhookNoticeArgs:
					channels = append(channels, job.Channel)
				case AccountNoticeArgs:
					channels = append(channels, job.Channel)
				case VersionNoticeArgs:
					channels = append(channels, job.Channel)
				}
			}
			if c.told {
				require.Equal(t, []string{Email, Push}, channels)
			} else {
				require.Empty(t, c.jobs)
			}
		})
	}
	require.False(t, Notifies("publish_post"))
}
