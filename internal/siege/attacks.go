package siege

import (
	"time"

	"github.com/postwright/postwright/internal/sandbox"
)

// breakerDelay is how long a node leaves LinkedIn alone, short enough for a run to wait for.
const breakerDelay = time.Second

// attacks are all, in the order in which they are done.
func attacks() []attack {
	return []attack{
		{name: "dropped-reads", do: dropReads},
		{name: "bad-requests", do: sendBadRequests},
		{name: "streams", do: openStreams},
		{name: "waiting-batches", do: followWaiting},
		{name: "short-deadlines", do: leaveProbes, settings: []string{"POSTWRIGHT_OUTBOUND_BREAKER_DELAY=" + breakerDelay.String()}},
		{name: "stalled-bodies", do: stallBodies},
		{name: "long-queue", do: fillQueue, vendors: []sandbox.Fault{
			{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Slow, AfterMS: int(createTime.Milliseconds())},
		}},
		{name: "relay", do: relay},
		{name: "wrong-keys", do: floodWithWrongKeys},
		{name: "one-key", do: floodWithOneKey},
		{name: "keyless-pages", do: floodKeylessPages},
		{name: "rapid-reset", do: resetRapidly},
		{name: "slow-readers", do: readSlowly},
	}
}
