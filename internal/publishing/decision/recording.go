package decision

import "github.com/postwright/postwright/internal/posts"

// AttemptRow is how the row of an attempt is found when there is an outcome to write into it.
type AttemptRow uint8

// How it may be found.
const (
	RowOpen    AttemptRow = iota // as the claim left it
	RowEnded                     // with an outcome
	RowMissing                   // not at all: the database went back
)

// Recording is how the outcome of an attempt is recorded.
type Recording uint8

// How it may be.
const (
	// Settles the publication: the attempt is the one that it waits for.
	Settles Recording = iota
	// RecordedBefore by a commit that was not answered: the publication waits already.
	RecordedBefore
	// RecordedLate when the attempt had been given up for lost: see Outcome.Late.
	RecordedLate
	// RestoresAttempt that the database lost, and settles the publication, which knows of no other one.
	RestoresAttempt
	// RecordedApart from its publication, which went on without the attempt.
	RecordedApart
)

// Recording says how an outcome is recorded, by the attempt's row and the state of its publication.
func (row AttemptRow) Recording(publication string) Recording {
	queued := publication == posts.StateQueued
	switch {
	case row == RowOpen:
		return Settles
	case row == RowEnded && queued:
		return RecordedBefore
	case row == RowEnded:
		return RecordedLate
	case queued:
		return RestoresAttempt
	}
	return RecordedApart
}
