package decision

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/text"
)

// Similar is a post of the same account that may have the same text as another one.
type Similar struct {
	ID, To                   uuid.UUID // its own id, and the other's
	State                    string
	Content                  string
	Hashtags                 []string
	AccountNamed             bool // else it goes out with the account that is the default then
	URN                      string
	PublishedAt, ScheduledAt *time.Time
}

// SameTexts says of posts which other post has the same text, as people read it, by the first that is found for each. Posts
// without one are missing.
func (r Rules) SameTexts(list []posts.Post, found []Similar, now time.Time) map[uuid.UUID]string {
	read := make(map[uuid.UUID]string, len(list))
	for _, p := range list {
		read[p.ID] = text.AsRead(p.Text())
	}
	warnings := map[uuid.UUID]string{}
	for _, other := range found {
		if _, told := warnings[other.To]; told || text.AsRead(posts.Compose(other.Content, other.Hashtags)) != read[other.To] {
			continue
		}
		warnings[other.To] = r.sameText(other, now)
	}
	return warnings
}

// Contents are those that a post of the same text may have: what is at the end of one's content may be the other's hashtags.
func Contents(p posts.Post) []string {
	contents := []string{p.Content}
	whole := p.Text()
	if whole != p.Content {
		contents = append(contents, whole)
	}
	if before := text.BeforeHashtags(whole); before != p.Content && before != whole {
		contents = append(contents, before)
	}
	return contents
}

// sameText says which post has the same text, and what is to be expected of that.
func (r Rules) sameText(other Similar, now time.Time) string {
	switch other.State {
	case posts.StateScheduled:
		said := fmt.Sprintf("The same text is scheduled for %s, as post %s", other.ScheduledAt.UTC().Format(time.RFC3339), other.ID)
		if !other.AccountNamed {
			said += ", with the account that is the default then, as this one is now"
		}
		return said + "."
	case posts.StateUnconfirmed:
		return fmt.Sprintf("The same text may be on LinkedIn already: post %s is unconfirmed.", other.ID)
	case posts.StatePublished:
		said := fmt.Sprintf("The same text was published at %s, as post %s", other.PublishedAt.UTC().Format(time.RFC3339), other.ID)
		if other.URN != "" {
			said += " (" + other.URN + ")"
		}
		if now.Sub(*other.PublishedAt) < r.DuplicateWindow {
			return fmt.Sprintf("%s: LinkedIn refuses it again for about %s.", said, r.DuplicateWindow)
		}
		return said + "."
	}
	return fmt.Sprintf("The same text is on its way to LinkedIn, as post %s.", other.ID)
}
