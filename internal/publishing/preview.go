package publishing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// PreviewInput names a post that is there, or holds one that is not.
type PreviewInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID    // or
	Draft   *posts.Draft // one that is not there
}

// Verdict is a reason why a post would not go out now.
type Verdict struct {
	Field   string // that it is about, "" for none
	Code    string
	Message string
	Remedy  string // "" where Message says it
	Waits   bool   // it would be queued, and go out by itself once the reason is gone
}

// Preview is what would become of a post that is published now.
type Preview struct {
	Verdicts []Verdict
	// Length is in UTF-16 units, as LinkedIn's clients count, with the hashtags that are added.
	Length int
	// Warnings are what does not keep the post from going out, but may not be meant.
	Warnings []string
	// Payload is the body that LinkedIn would get; nil without an account to send it with.
	Payload []byte
}

// Codes of verdicts that no other answer has.
const (
	codeInvalid      = "INVALID"
	codeScopeMissing = "SCOPE_MISSING"
)

// Preview takes the way of a publication up to the send, and sends, approves and changes nothing. What only LinkedIn knows,
// such as whether it had the same text before, it can't tell.
func (s *Service) Preview(ctx context.Context, in PreviewInput) (p Preview, err error) {
	c := &claimed{}
	if in.Draft == nil {
		if c.post, err = s.posts.Get(ctx, in.OwnerID, in.ID); err != nil {
			return p, err
		}
		if refused := publishable(c.post.State, false); refused != nil {
			p.Verdicts = append(p.Verdicts, verdictOf("", refused))
		}
	} else {
		d := *in.Draft
		c.post = posts.Post{OwnerID: in.OwnerID, AccountID: d.AccountID, Content: d.Content, Hashtags: d.Hashtags, Visibility: d.Visibility}
		for _, f := range d.Faults("post.") {
			p.Verdicts = append(p.Verdicts, Verdict{Field: f.Path, Code: codeInvalid, Message: fmt.Sprintf("%s %s.", f.Path, f.Problem)})
		}
	}
	p.Length = posts.UTF16Units(posts.Text(c.post))
	c.account, err = s.accounts.Get(ctx, in.OwnerID, c.post.AccountID)
	switch {
	case fault.Is(err, fault.Precondition) || fault.Is(err, fault.NotFound):
		p.Verdicts = append(p.Verdicts, verdictOf("post.accountId", err))
		return p, nil
	case err != nil:
		return p, err
	}
	same, err := s.sameTexts(ctx, s.store, in.OwnerID, []posts.Post{c.post}, []uuid.UUID{c.account.ID})
	if err != nil {
		return p, err
	}
	if warning, there := same[c.post.ID]; there {
		p.Warnings = append(p.Warnings, warning)
	}
	now := s.now()
	c.publication.DueAt, c.publication.CreatedAt = now, now
	standing, err := s.origin.Standing(ctx)
	if err != nil {
		return p, err
	}
	if o := s.obstacle(c, standing, now); o.state != "" {
		p.Verdicts = append(p.Verdicts, Verdict{
			Code: o.failure.code, Message: o.failure.message, Remedy: o.failure.remedy, Waits: o.state == posts.StateQueued,
		})
	}
	p.Verdicts = append(p.Verdicts, accountVerdicts(c.account.DisplayName, s.accounts.Standing(c.account, now), now)...)
	if c.author.IsZero() {
		if c.author, err = linkedin.ParseURN(c.account.URN); err != nil {
			return p, err
		}
	}
	p.Payload, err = s.linkedIn.CreateBody(c.newPost())
	if fault.Is(err, fault.Invalid) { // the draft's own faults say it
		return p, nil
	}
	return p, err
}

func verdictOf(field string, err error) Verdict {
	f := fault.Of(err)
	return Verdict{Field: field, Code: code(f), Message: f.Message}
}

// accountVerdicts are what LinkedIn is known to refuse an account for, although nothing here keeps it from being asked.
func accountVerdicts(name string, standing accounts.Standing, now time.Time) (list []Verdict) {
	if standing.Paused == "" && standing.Ended(now) {
		list = append(list, Verdict{
			Code: linkedin.ReasonExpiredToken, Message: "The token of " + name + " ended at " + standing.Ends.UTC().Format(time.RFC3339) + ".",
			Remedy: "Connect the account again: the post goes out then.", Waits: true,
		})
	}
	if standing.CannotPublish != "" {
		list = append(list, Verdict{Code: codeScopeMissing, Message: standing.CannotPublish, Remedy: standing.PublishRemedy})
	}
	return list
}
