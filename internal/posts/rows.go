package posts

import (
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// Post is a post as it is kept: what its author decided, see Draft, and how far it is.
type Post struct {
	ID        uuid.UUID
	OwnerID   uuid.UUID
	CreatedAt time.Time
	UpdatedAt time.Time
	Revision  int64 // grows with every change

	AccountID      *uuid.UUID // nil: the owner's default account when it is published
	Content        string
	PostType       string
	Tone           string
	TargetAudience string
	Visibility     string
	Hashtags       []string // without "#"

	State          string
	ScheduledAt    *time.Time // of a post that was never scheduled, or whose schedule was cancelled: nil
	TimeZone       string     // on whose clocks the author meant ScheduledAt
	PublishedAt    *time.Time
	LinkedInURN    string // "" while LinkedIn has not named it
	FailureCode    string // why it failed or is in doubt, or what it waits for; "" for nothing
	FailureMessage string
	FailureRemedy  string
}

// FromRow is the post of a row. It is handed what a query returns.
func FromRow(row db.Post, err error) (Post, error) {
	//exhaustruct:enforce
	return Post{
		ID: row.ID, OwnerID: row.OwnerID, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt, Revision: row.Revision,
		AccountID: row.AccountID, Content: row.Content, PostType: row.PostType, Tone: row.Tone, TargetAudience: row.TargetAudience,
		Visibility: row.Visibility, Hashtags: row.Hashtags,
		State: row.State, ScheduledAt: row.ScheduledAt, TimeZone: row.TimeZone, PublishedAt: row.PublishedAt, LinkedInURN: row.LinkedInURN,
		FailureCode: row.FailureCode, FailureMessage: row.FailureMessage, FailureRemedy: row.FailureRemedy,
	}, err
}

// newPost is the post that PostInsertMany makes of a draft with defaults: as its row, which nobody reads back.
func newPost(id, ownerID uuid.UUID, draft Draft, now time.Time) Post {
	//exhaustruct:enforce
	return Post{
		ID: id, OwnerID: ownerID, CreatedAt: now, UpdatedAt: now, Revision: 1,
		AccountID: draft.AccountID, Content: draft.Content, PostType: draft.PostType, Tone: draft.Tone, TargetAudience: draft.TargetAudience,
		Visibility: draft.Visibility, Hashtags: draft.Hashtags,
		State: StateDraft, ScheduledAt: nil, TimeZone: "", PublishedAt: nil, LinkedInURN: "", FailureCode: "", FailureMessage: "", FailureRemedy: "",
	}
}

// FromRows is FromRow for many.
func FromRows(rows []db.Post, err error) ([]Post, error) {
	list := make([]Post, len(rows))
	for i, row := range rows {
		list[i], _ = FromRow(row, nil)
	}
	return list, err
}
