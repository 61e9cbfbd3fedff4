package app

import (
	"time"

	"github.com/postwright/postwright/internal/limit"
)

// The chain of limits, in one place: whatever is inside must end before what is around it, so that it is the innermost
// that tells what went wrong.
//
//	a vendor's attempt <= all its attempts < a call < the request on the wire
//	all attempts of a vendor's operation and some database operations < a job's run < its rescue
//	--server-shutdown-delay < draining < --server-shutdown-grace
//
// A stop does not wait for the longest call: with the default grace, a call or job that began less than 20 s before has its
// 20 s, and what still runs then is cut off. A publish job that is cut off settles itself as in doubt.
const (
	maxAttemptTimeout = 40 * time.Second // what --outbound-attempt-timeout and --outbound-budget may be at most
	callTimeout       = 45 * time.Second
	requestTimeout    = 50 * time.Second // of a request to come in, and of its answer to leave after its headers are in
	messageTimeout    = 30 * time.Second // of one message of a stream to leave
	streamSilence     = 20 * time.Second // until a stream says something; proxies cut a connection after 30 s or 60 s without a byte
	jobMargin         = 25 * time.Second // of --jobs-timeout above a vendor's attempt: claiming, and writing the outcome
	rescueMargin      = 5 * time.Second  // of --jobs-rescue-after above --jobs-timeout
)

// draining and cutting divide the grace of a stop: what is under way may end in the first four fifths; in the last, what was
// cut off writes down how far it came.
func draining(grace time.Duration) time.Duration { return grace - cutting(grace) }
func cutting(grace time.Duration) time.Duration  { return grace / 5 }

// parting is how long a stop waits, once no call is under way, for the last answers to leave and for requests that are just
// coming in.
const parting = time.Second

// Limits of the server that nobody needs to set.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10         // more ends the connection, and over HTTP/2 everybody's calls on it
	mostHeaderBytes   = 16 << 10         // more is refused before it waits: whoever waits holds as much in memory
	maxRequestBytes   = 1280 << 10       // an e-mail of 100,000 characters, each of them two escapes in JSON
	maxBatchBytes     = 16 << 20         // 1,000 posts of 3,000 characters, four bytes each, and what is around them
	maxStreams        = 250              // of one HTTP/2 connection; a client that needs more opens another
	writeByteTimeout  = 30 * time.Second // of an HTTP/2 connection that takes not a byte
	leastConnections  = 10               // of clients, however few files there may be
	delayedPart       = 4                // refusals that wait to be told may keep that part of the connections
	pingAfter         = time.Minute      // of silence on an HTTP/2 connection, to see whether its client is still there
	healthEvery       = time.Second      // how long an answer of the database is good for, to whoever asks /readyz
)

// wireLimits bound what comes in and goes out; tests shorten them.
type wireLimits struct{ request, message, silence time.Duration }

// consentRate bounds the members that come back from LinkedIn to one address; a person comes once.
var consentRate = limit.Rate{PerSecond: 1, Burst: 20}

// callers is what the configuration gives each caller.
func (c Config) callers() limit.Config {
	pool := c.Database.MaxConnections.Value
	calls := c.Server.OwnerCalls.Value
	if calls == 0 {
		calls = max(pool/2, 1)
	}
	return limit.Config{
		PerKey:     limit.Rate{PerSecond: c.Server.KeyRate.Value, Burst: c.Server.KeyBurst.Value},
		PerOwner:   limit.Rate{PerSecond: c.Server.OwnerRate.Value, Burst: c.Server.OwnerBurst.Value},
		WrongKeys:  limit.Rate{PerSecond: c.Server.WrongKeyRate.Value, Burst: c.Server.WrongKeyBurst.Value},
		OwnerCalls: calls, OwnerQueue: ownerQueue * calls,
		LookUps: max(pool/4, 1), LookUpQueue: lookUpQueue,
	}
}

// otherFiles are the open files of a process beside its connections: its own, those of traces, Redis, profiles and name servers.
const otherFiles = 100

// files is how many files this process may have open at once when everything that is set is used up.
func (c Config) files() int {
	return c.Server.Connections.Value + c.Database.MaxConnections.Value + 2 + c.Outbound.MaxConnections.Value + otherFiles
}

// connectionsWithin is how many connections of clients a process may have that may open so many files: as many as are set, unless
// the database or the vendors could not be reached then, and so nobody be served.
func (c Config) connectionsWithin(files uint64) int {
	most := c.Server.Connections.Value
	if files >= uint64(c.files()) { //nolint:gosec // counts of settings, each of them checked
		return most
	}
	return max(int(files)-(c.files()-most), leastConnections) //nolint:gosec // fewer than are set
}

const (
	ownerQueue  = 10    // calls that wait, for each that is carried out
	lookUpQueue = 1_000 // each look-up takes less than a millisecond
)
