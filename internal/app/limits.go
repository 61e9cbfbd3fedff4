package app

import "time"

// The chain of limits, in one place: whatever is inside must end before what is around it, so that it is the innermost
// that tells what went wrong.
//
//	a vendor's attempt <= all its attempts < a call < the call on the wire < draining
//	all attempts of a vendor's operation and some database operations < a job's run < its rescue
const (
	maxAttemptTimeout = 40 * time.Second // what --outbound-attempt-timeout and --outbound-budget may be at most
	callTimeout       = 45 * time.Second
	connectionTimeout = 50 * time.Second
	drainTimeout      = 55 * time.Second
	jobMargin         = 25 * time.Second // of --jobs-timeout above a vendor's attempt: claiming, and writing the outcome
	rescueMargin      = 5 * time.Second  // of --jobs-rescue-after above --jobs-timeout
)

// Limits of the server that nobody needs to set.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	maxRequestBytes   = 1280 << 10 // an e-mail of 100,000 characters, each of them two escapes in JSON
	maxBatchBytes     = 16 << 20   // 1,000 posts of 3,000 characters, four bytes each, and what is around them
)
