package notify

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/sunset"
)

// AfterPublication names the jobs that tell a post's owner how its publication ended, or, with a warning, what endangers one that
// is scheduled.
func AfterPublication(post posts.Post, warning string) []river.JobArgs {
	return perChannel(func(channel string) river.JobArgs {
		return PublicationNoticeArgs{OwnerID: post.OwnerID, PostID: post.ID, State: post.State, Channel: channel, Warning: warning}
	})
}

// AfterAccount names the jobs that tell an account's owner what they have to do after an event, if it leaves them anything to do.
func AfterAccount(event accounts.Event, account accounts.Account) []river.JobArgs {
	if event != accounts.Paused && event != accounts.Expiring {
		return nil
	}
	return perChannel(func(channel string) river.JobArgs {
		return AccountNoticeArgs{OwnerID: account.OwnerID, AccountID: account.ID, Channel: channel}
	})
}

// BeforeSunset names the jobs that tell a user how the LinkedIn version ends.
func BeforeSunset(owner uuid.UUID, e sunset.Ending) []river.JobArgs {
	return perChannel(func(channel string) river.JobArgs {
		return VersionNoticeArgs{OwnerID: owner, Channel: channel, Version: e.Version, Ends: e.Ends.Format(time.DateOnly), Exact: e.Exact, Dead: e.Dead}
	})
}

// perChannel makes a job for each channel, so that trying one again does not repeat the other.
func perChannel(job func(channel string) river.JobArgs) []river.JobArgs {
	return []river.JobArgs{job(Email), job(Push)}
}

// Notifies reports whether jobs of a kind tell somebody something.
func Notifies(kind string) bool {
	return slices.Contains([]string{
		PublicationNoticeArgs{}.Kind(), AccountNoticeArgs{}.Kind(), VersionNoticeArgs{}.Kind(), WebhookNoticeArgs{}.Kind(), DeliveryArgs{}.Kind(),
	}, kind)
}
