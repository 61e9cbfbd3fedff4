// Package decision decides about publications: what LinkedIn's answer means for the post, what stands in the way of a send, how
// long it waits, what its author is warned of, which texts are the same, and whether a post that LinkedIn lists is the one in
// doubt.
//
// It takes what others have read, and the clock's reading, and returns values. It must not know the database, jobs, or who
// carries out what it decides: that is internal/publishing.
package decision

import "time"

// Rules say how long, and how many at once.
type Rules struct {
	// OverdueWindow is how late a post may still go out.
	OverdueWindow time.Duration
	// RetryWait is the least wait before a create that surely did not reach LinkedIn is tried again.
	RetryWait time.Duration
	// AccountConcurrency is how many posts of one account are sent at once, over all processes.
	AccountConcurrency int
	// DuplicateWindow is for how long LinkedIn is taken to refuse the same text again. Its help pages say ten minutes; one
	// report says a day or two. So the shorter one bounds what may be sent again by itself.
	DuplicateWindow time.Duration
	// ReadBackAfter is how long after a lost answer LinkedIn's posts are read the last time.
	ReadBackAfter time.Duration
	// Version is the LinkedIn version that is asked for, whose end may come before a schedule's time.
	Version string
}

const day = 24 * time.Hour
