package siege

import (
	"fmt"
	"time"

	"github.com/postwright/postwright/internal/sandbox"
)

// breakerDelay is how long a node leaves LinkedIn alone, short enough for a run to wait for.
const breakerDelay = time.Second

// unlimited lifts the limits of how often an owner may call: a flood that is refused at the door would not reach what it is
// meant for.
var unlimited = []string{"POSTWRIGHT_SERVER_KEY_RATE=0", "POSTWRIGHT_SERVER_OWNER_RATE=0"}

// attacks are all, in the order in which they are done.
func attacks(size Size) []attack {
	return []attack{
		{name: "dropped-reads", do: dropReads, settings: unlimited},
		{name: "bad-requests", do: sendBadRequests},
		{name: "streams", do: openStreams},
		{name: "waiting-batches", do: followWaiting},
		{name: "short-deadlines", do: leaveProbes, settings: []string{"POSTWRIGHT_OUTBOUND_BREAKER_DELAY=" + breakerDelay.String()}},
		{name: "stalled-bodies", do: stallBodies, grace: size.Grace, settings: []string{
			"POSTWRIGHT_SERVER_SHUTDOWN_GRACE=" + size.Grace.String(), "POSTWRIGHT_SERVER_SHUTDOWN_DELAY=" + shutdownDelay.String(),
		}},
		{name: "long-queue", do: fillQueue, queue: true, vendors: []sandbox.Fault{
			{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Slow, AfterMS: int(createTime.Milliseconds())},
		}},
		{name: "batch-approvals", do: approveBatches, queue: true, settings: unlimited, vendors: []sandbox.Fault{
			{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Slow, AfterMS: int(createTime.Milliseconds())},
		}},
		{name: "relay", do: relay},
		{name: "wrong-keys", do: floodWithWrongKeys},
		{name: "one-key", do: floodWithOneKey},
		{name: "keyless-pages", do: floodKeylessPages},
		{name: "rapid-reset", do: resetRapidly, settings: unlimited},
		{name: "slow-readers", do: readSlowly},
		{name: "connections", do: holdConnections, settings: []string{fmt.Sprintf("POSTWRIGHT_SERVER_CONNECTIONS=%d", connectionsMost)}},
	}
}
