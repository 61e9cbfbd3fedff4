package outbound

import "time"

// Policy is how one operation is carried out. Every operation is sent once; repeating, breakers and bulkheads belong
// here, and into roundTripper.RoundTrip around its one attempt, when they come.
type Policy struct {
	// Timeout bounds the attempt: waiting for a connection, sending, and reading the whole answer.
	Timeout time.Duration
	// MaxBodyBytes bounds the answer's body, unpacked.
	MaxBodyBytes int64
}

// Operation names one operation of one vendor.
type Operation struct{ Vendor, ID string }

// Policies says how every operation is carried out.
type Policies struct {
	// Default is for every operation that has no policy of its own.
	Default Policy
	// Of holds the exceptions.
	Of map[Operation]Policy
}

// Once is the policy used where nothing else is configured: one attempt of 30 s, an answer of at most 1 MiB.
func Once() Policies {
	return Policies{Default: Policy{Timeout: 30 * time.Second, MaxBodyBytes: 1 << 20}}
}

func (p Policies) policy(vendor, operation string) Policy {
	if own, ok := p.Of[Operation{vendor, operation}]; ok {
		return own
	}
	return p.Default
}
