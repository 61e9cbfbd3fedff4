package publishing

import (
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// Attempt is one create sent, or about to be sent, to LinkedIn, and what came of it.
type Attempt struct {
	ID            uuid.UUID
	PublicationID uuid.UUID
	PostID        uuid.UUID
	Number        int32 // among the post's, from 1
	StartedAt     time.Time
	EndedAt       *time.Time
	Outcome       string // OutcomeStarted while it lasts
	Status        int32  // LinkedIn's HTTP status, 0 without an answer
	Code          string
	Message       string
	RequestID     string     // LinkedIn's trace id
	SettledAt     *time.Time // when a doubt about it was settled, and Settlement how
	Settlement    string
}

// publication is an approval, and how far it is.
type publication struct {
	ID        uuid.UUID
	PostID    uuid.UUID
	OwnerID   uuid.UUID
	AccountID uuid.UUID
	State     string // a state of package posts
	CreatedAt time.Time
	EndedAt   *time.Time
	JobID     int64
	DueAt     time.Time // from when on it is late
	Turn      string    // how it stands in its account's line: see PublicationGiveTurn
}

// attemptFromRow is the attempt of a row. It is handed what a query returns.
func attemptFromRow(row db.PublishAttempt, err error) (Attempt, error) {
	//exhaustruct:enforce
	return Attempt{
		ID: row.ID, PublicationID: row.PublicationID, PostID: row.PostID, Number: row.Number, StartedAt: row.StartedAt, EndedAt: row.EndedAt,
		Outcome: row.Outcome, Status: row.Status, Code: row.Code, Message: row.Message, RequestID: row.RequestID,
		SettledAt: row.SettledAt, Settlement: row.Settlement,
	}, err
}

// attemptsFromRows is attemptFromRow for many.
func attemptsFromRows(rows []db.PublishAttempt, err error) ([]Attempt, error) {
	list := make([]Attempt, len(rows))
	for i, row := range rows {
		list[i], _ = attemptFromRow(row, nil)
	}
	return list, err
}

// publicationFromRow is the publication of a row. It is handed what a query returns.
func publicationFromRow(row db.Publication, err error) (publication, error) {
	//exhaustruct:enforce
	return publication{
		ID: row.ID, PostID: row.PostID, OwnerID: row.OwnerID, AccountID: row.AccountID, State: row.State,
		CreatedAt: row.CreatedAt, EndedAt: row.EndedAt, JobID: row.JobID, DueAt: row.DueAt, Turn: row.Turn,
	}, err
}
