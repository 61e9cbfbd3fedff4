package publishing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/text"
)

// maxSamePerPost bounds how many posts that may have the same text are read for each post that is asked about.
const maxSamePerPost = 3

// sameTexts says of posts, each with its account, which other post of the account has the same text, as people read it. Posts
// without one are missing.
func (s *Service) sameTexts(
	ctx context.Context,
	on db.DBTX,
	ownerID uuid.UUID,
	list []posts.Post,
	accountIDs []uuid.UUID,
) (map[uuid.UUID]string, error) {
	arg := db.PostListSameTextParams{OwnerID: ownerID, MostEach: maxSamePerPost}
	read := make(map[uuid.UUID]string, len(list))
	for i, p := range list {
		for _, content := range contentsOf(p) {
			arg.IDs, arg.Contents = append(arg.IDs, p.ID), append(arg.Contents, content)
			arg.AccountIDs = append(arg.AccountIDs, accountIDs[i]) //nolint:gosec // each post comes with its account
		}
		read[p.ID] = text.AsRead(posts.Text(p))
	}
	found, err := s.queries.PostListSameText(ctx, on, arg)
	if err != nil {
		return nil, err
	}
	now, warnings := s.now(), map[uuid.UUID]string{}
	for _, other := range found {
		if _, told := warnings[other.SameAs]; told ||
			text.AsRead(posts.Text(posts.Post{Content: other.Content, Hashtags: other.Hashtags})) != read[other.SameAs] {
			continue
		}
		warnings[other.SameAs] = s.rules.sameText(other, now)
	}
	return warnings, nil
}

// contentsOf are the contents that a post of the same text may have: what is at the end of one's content may be the other's
// hashtags.
func contentsOf(p posts.Post) []string {
	contents := []string{p.Content}
	whole := posts.Text(p)
	if whole != p.Content {
		contents = append(contents, whole)
	}
	if before := text.BeforeHashtags(whole); before != p.Content && before != whole {
		contents = append(contents, before)
	}
	return contents
}

// sameText says which post has the same text, and what is to be expected of that.
func (r Rules) sameText(other db.PostListSameTextRow, now time.Time) string {
	switch other.State {
	case posts.StateScheduled:
		if other.AccountID == nil {
			return fmt.Sprintf("The same text is scheduled for %s, as post %s, with the account that is the default then, as this one is now.",
				other.ScheduledAt.UTC().Format(time.RFC3339), other.ID)
		}
		return fmt.Sprintf("The same text is scheduled for %s, as post %s.", other.ScheduledAt.UTC().Format(time.RFC3339), other.ID)
	case posts.StateUnconfirmed:
		return fmt.Sprintf("The same text may be on LinkedIn already: post %s is unconfirmed.", other.ID)
	case posts.StatePublished:
		said := fmt.Sprintf("The same text was published at %s, as post %s", other.PublishedAt.UTC().Format(time.RFC3339), other.ID)
		if other.LinkedInURN != "" {
			said += " (" + other.LinkedInURN + ")"
		}
		if now.Sub(*other.PublishedAt) < r.DuplicateWindow {
			return fmt.Sprintf("%s: LinkedIn refuses it again for about %s.", said, r.DuplicateWindow)
		}
		return said + "."
	}
	return fmt.Sprintf("The same text is on its way to LinkedIn, as post %s.", other.ID)
}
