package notify

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
)

// PublicationArgs is the job that tells a post's owner through one channel how its publication ended.
type PublicationArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	PostID  uuid.UUID `json:"post_id"`
	// State is the one that the post came to rest in; it may have moved on since.
	State string `json:"state"`
	// Channel is Email or Push: a job each, so that trying one again does not repeat the other.
	Channel string `json:"channel"`
}

// Kind names the job in River's tables; it must never change.
func (PublicationArgs) Kind() string { return "notify_publication" }

// InsertOpts lets the job be tried again when the database fails; a vendor's failure is no reason to.
func (PublicationArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 5} }

// Worker tells owners about publications.
type Worker struct {
	river.WorkerDefaults[PublicationArgs]
	service *Service
}

// Worker returns the worker to register with River.
func (s *Service) Worker() *Worker { return &Worker{service: s} }

// Work tells the owner. A post or user deleted since is no reason to tell anybody anything.
func (w *Worker) Work(ctx context.Context, job *river.Job[PublicationArgs]) error {
	s, args := w.service, job.Args
	post, err := s.queries.PostGet(ctx, s.store, db.PostGetParams{ID: args.PostID, OwnerID: args.OwnerID})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	user, err := s.queries.UserGet(ctx, s.store, args.OwnerID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	m := describe(post, args.State)
	m.Recipient = user.Email
	if args.Channel == Push {
		m.Recipient = user.ID.String()
	}
	_, err = s.send(ctx, user.ID, &post.ID, args.Channel, m)
	return err
}

// describe says how a publication ended, in words for the owner.
func describe(post posts.Post, state string) Message {
	opening := clip(post.Content, 60)
	switch state {
	case posts.StatePublished:
		where := posts.Permalink(post)
		if where == "" {
			where = "LinkedIn did not say under which address."
		}
		return Message{Subject: "Your post is on LinkedIn", Content: fmt.Sprintf("%q was published.\n\n%s", opening, where)}
	case posts.StateUnconfirmed:
		return Message{
			Subject: "It is not known whether your post is on LinkedIn",
			Content: fmt.Sprintf("%q: %s\n\n%s", opening, post.FailureMessage, post.FailureRemedy),
		}
	}
	return Message{
		Subject: "Your post was not published",
		Content: fmt.Sprintf("%q: %s\n\n%s", opening, post.FailureMessage, post.FailureRemedy),
	}
}

// clip shortens a text to at most n characters.
func clip(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}
