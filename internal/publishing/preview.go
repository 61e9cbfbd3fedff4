package publishing

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// PreviewInput names a post that is there, or holds one that is not.
type PreviewInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID    // or
	Draft   *posts.Draft // one that is not there
}

// Preview is what would become of a post that is published now.
type Preview struct {
	Verdicts []decision.Verdict
	// Length is in UTF-16 units, as LinkedIn's clients count, with the hashtags that are added.
	Length int
	// Warnings are what does not keep the post from going out, but may not be meant.
	Warnings []string
	// Payload is the body that LinkedIn would get; nil without an account to send it with.
	Payload []byte
}

// Preview takes the way of a publication up to the send, and sends, approves and changes nothing. What only LinkedIn knows,
// such as whether it had the same text before, it can't tell.
func (s *Service) Preview(ctx context.Context, in PreviewInput) (p Preview, err error) {
	var rows locked // as a publication has them that was approved just now
	if in.Draft == nil {
		if rows.post, err = s.posts.Get(ctx, in.OwnerID, in.ID); err != nil {
			return p, err
		}
		if refused := decision.Publishable(rows.post.State, false); refused != nil {
			p.Verdicts = append(p.Verdicts, decision.Refused("", refused))
		}
	} else {
		d := *in.Draft
		rows.post = posts.Post{OwnerID: in.OwnerID, AccountID: d.AccountID, Content: d.Content, Hashtags: d.Hashtags, Visibility: d.Visibility}
		p.Verdicts = append(p.Verdicts, decision.Invalid(d.Faults("post."))...)
	}
	p.Length = posts.UTF16Units(rows.post.Text())
	rows.account, err = s.accounts.Get(ctx, in.OwnerID, rows.post.AccountID)
	switch {
	case fault.Is(err, fault.Precondition) || fault.Is(err, fault.NotFound):
		p.Verdicts = append(p.Verdicts, decision.Refused("post.accountId", err))
		return p, nil
	case err != nil:
		return p, err
	}
	same, err := s.sameTexts(ctx, s.store, in.OwnerID, []posts.Post{rows.post}, []uuid.UUID{rows.account.ID})
	if err != nil {
		return p, err
	}
	if warning, there := same[rows.post.ID]; there {
		p.Warnings = append(p.Warnings, warning)
	}
	now := s.now()
	rows.publication.DueAt, rows.publication.CreatedAt = now, now
	standing, err := s.origin.Standing(ctx)
	if err != nil {
		return p, err
	}
	if obstacle := s.checkAgainst(standing, rows, now).obstacle; obstacle != nil {
		p.Verdicts = append(p.Verdicts, obstacle.Verdict())
	}
	p.Verdicts = append(p.Verdicts, decision.AccountVerdicts(rows.account.DisplayName, s.accounts.Standing(rows.account, now), now)...)
	author, err := linkedin.ParseURN(rows.account.URN)
	if err != nil {
		return p, err
	}
	p.Payload, err = s.linkedIn.CreateBody(newPost(rows.post, author))
	if fault.Is(err, fault.Invalid) { // the draft's own faults say it
		return p, nil
	}
	return p, err
}
