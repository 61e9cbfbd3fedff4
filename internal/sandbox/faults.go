package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/fault"
)

// Fault makes an operation misbehave.
type Fault struct {
	// Vendor is linkedin, analysis, llm or notification.
	Vendor string `json:"vendor"`
	// Operation is an operationId of the vendor; "" for all of them.
	Operation string `json:"operation,omitempty"`
	// Mode is one of Modes, or for a language model of LLMModes.
	Mode string `json:"mode"`
	// Times is how many calls it hits; 0 for every one until it is cleared.
	Times int `json:"times,omitempty"`
	// AfterMS delays the call before anything else happens to it, in milliseconds.
	AfterMS int `json:"afterMs,omitempty"`
	// Value is the mode's own: a status for status, seconds or an HTTP date for retry_after, a JSON object for answer, a text for says.
	Value string `json:"value,omitempty"`
}

// The modes of a fault.
const (
	AcceptThenDrop = "accept_then_drop" // takes effect, then the connection breaks without an answer
	Drop           = "drop"             // the connection breaks before anything takes effect
	Slow           = "slow"             // waits afterMs, which it needs, then goes on as usual
	Status         = "status"           // answers with a status and the vendor's usual body for it; no effect
	RateLimitedDay = "rate_limited_day" // 429 for the day's quota
	RetryAfter     = "retry_after"      // 429 with a Retry-After of seconds or a date
	TokenExpired   = "token_expired"
	TokenRevoked   = "token_revoked"
	Duplicate      = "duplicate"      // 422, naming a post that is not there
	VersionSunset  = "version_sunset" // 426
	GarbageBody    = "garbage_body"   // takes effect, then answers 200 with a page of HTML and no headers of its own
	NoID           = "no_id"          // takes effect, and the answer to a create lacks x-restli-id
	Answer         = "answer"         // takes effect, and the members of Value, a JSON object, are put over those of the answer
	HugeBody       = "huge_body"      // takes effect, and the right status (200 for 204) and headers come with 64 MiB of body
)

// Modes are all modes that a fault of every vendor may have.
var Modes = []string{
	AcceptThenDrop,
	Drop,
	Slow,
	Status,
	RateLimitedDay,
	RetryAfter,
	TokenExpired,
	TokenRevoked,
	Duplicate,
	VersionSunset,
	GarbageBody,
	NoID,
	Answer,
	HugeBody,
}

const (
	// maxAfter bounds the delay of a fault.
	maxAfter = 10 * time.Minute
	// maxFaults bounds the faults that are armed at a time.
	maxFaults = 1000
)

// Validate lists everything that is wrong with the fault.
func (f Fault) Validate() error {
	var faults []fault.Field
	wrong := func(path, format string, args ...any) {
		faults = append(faults, fault.Field{Path: path, Problem: fmt.Sprintf(format, args...)})
	}
	vendorKnown, operationKnown := false, f.Operation == ""
	for _, op := range operations {
		vendorKnown = vendorKnown || op.vendor == f.Vendor
		operationKnown = operationKnown || (op.vendor == f.Vendor && op.id == f.Operation)
	}
	if !vendorKnown {
		wrong("vendor", "must be linkedin, analysis, llm or notification")
	} else if !operationKnown {
		wrong("operation", "is none of %s's", f.Vendor)
	}
	switch {
	case slices.Contains(Modes, f.Mode), slices.Contains(LLMModes, f.Mode):
	case f.Vendor == "llm":
		wrong("mode", "must be one of %s, or one that every vendor has, such as %s or %s", strings.Join(LLMModes, ", "), Drop, Status)
	default:
		wrong("mode", "must be one of %s", strings.Join(Modes, ", "))
	}
	if f.Times < 0 {
		wrong("times", "must be 0 (until cleared) or more")
	}
	if f.AfterMS < 0 || int64(f.AfterMS) > maxAfter.Milliseconds() {
		wrong("afterMs", "must be 0 to %d", maxAfter.Milliseconds())
	} else if f.Mode == Slow && f.AfterMS == 0 {
		wrong("afterMs", "must say how long slow waits, in milliseconds")
	}
	if f.Mode == NoID && f.Operation != "createPost" && f.Operation != "createUgcPost" {
		wrong("operation", "must be createPost or createUgcPost for %s: only they answer with an id", NoID)
	}
	if slices.Contains(LLMModes, f.Mode) && (f.Vendor != "llm" || f.Operation != "createChatCompletion") {
		wrong("operation", "must be createChatCompletion of llm for %s: only a language model has such answers", f.Mode)
	}
	switch f.Mode {
	case Says:
	case Status:
		if n, err := strconv.Atoi(f.Value); err != nil || n < 400 || n > 599 {
			wrong("value", "must be a status from 400 to 599")
		}
	case RetryAfter:
		_, dateErr := http.ParseTime(f.Value)
		if n, err := strconv.Atoi(f.Value); (err != nil || n < 0) && dateErr != nil {
			wrong("value", "must be seconds or an HTTP date")
		}
	case Answer:
		if json.Unmarshal([]byte(f.Value), &map[string]json.RawMessage{}) != nil {
			wrong("value", "must be a JSON object")
		}
	default:
		if f.Value != "" {
			wrong("value", "must be left out: only %s, %s, %s and %s have one", Status, RetryAfter, Answer, Says)
		}
	}
	return fault.Fields(faults...)
}

// armed is a fault that is switched on.
type armed struct {
	Fault
	left int // calls left to hit; less than 0 for every one
}

// Arm switches a fault on. Faults armed earlier are hit first.
func (s *Sandbox) Arm(f Fault) error {
	if err := f.Validate(); err != nil {
		return err
	}
	a := &armed{Fault: f, left: f.Times}
	if f.Times == 0 {
		a.left = -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) >= maxFaults {
		return fault.Newf(fault.Invalid, "There are %d faults armed already: clear them first.", maxFaults)
	}
	s.faults = append(s.faults, a)
	return nil
}

// Armed lists the faults that are switched on, each with the calls it is still to hit.
func (s *Sandbox) Armed() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Fault, len(s.faults))
	for i, a := range s.faults {
		list[i] = a.Fault
		list[i].Times = max(a.left, 0)
	}
	return list
}

// Disarm switches all faults off.
func (s *Sandbox) Disarm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// putOver puts the members of one JSON object over those of an answer. An answer that is none stays as it is.
func putOver(answer []byte, members string) []byte {
	whole := map[string]json.RawMessage{}
	if json.Unmarshal(answer, &whole) != nil || json.Unmarshal([]byte(members), &whole) != nil {
		return answer
	}
	changed, err := json.Marshal(whole)
	if err != nil {
		return answer
	}
	return changed
}

// take returns the first fault armed for an operation and uses it up.
func (s *Sandbox) take(op operation) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, a := range s.faults {
		if a.Vendor != op.vendor || (a.Operation != "" && a.Operation != op.id) {
			continue
		}
		if a.left > 0 {
			if a.left--; a.left == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return a.Fault, true
	}
	return Fault{}, false
}

// applyBefore applies the fault that is armed for the operation. done means that the call has had its answer; after, if
// not nil, spoils the answer once the operation has taken effect.
func (s *Sandbox) applyBefore(op operation, w http.ResponseWriter, r *http.Request) (after func(*keptAnswer), done bool) {
	f, hit := s.take(op)
	if !hit {
		return nil, false
	}
	s.opts.Log.InfoContext(r.Context(), "sandbox fault", "vendor", op.vendor, "operation", op.id, "mode", f.Mode)
	if f.AfterMS > 0 {
		timer := time.NewTimer(time.Duration(f.AfterMS) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler) // whoever asked has left
		}
	}
	var refused *refusal
	switch f.Mode {
	case Slow:
		return nil, false
	case Drop:
		panic(http.ErrAbortHandler) // net/http breaks the connection without an answer
	case AcceptThenDrop:
		return func(*keptAnswer) { panic(http.ErrAbortHandler) }, false
	case GarbageBody:
		return func(*keptAnswer) {
			clear(w.Header())
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte("<html><body>Please sign in to the network</body></html>"))
		}, false
	case NoID:
		return func(k *keptAnswer) {
			k.header.Del("x-restli-id")
			k.writeHead(w, k.status)
			_, _ = w.Write(k.body.Bytes())
		}, false
	case Answer:
		return func(k *keptAnswer) {
			k.header.Del("Content-Length")
			k.writeHead(w, k.status)
			_, _ = w.Write(putOver(k.body.Bytes(), f.Value))
		}, false
	case HugeBody:
		return func(k *keptAnswer) {
			status := k.status
			if status == http.StatusNoContent { // net/http lets no body follow it
				status = http.StatusOK
			}
			k.writeHead(w, status)
			chunk := make([]byte, 1<<20)
			for range 64 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, false
	case Status:
		status, _ := strconv.Atoi(f.Value) // checked when it was armed
		refused = withStatus(op, r.Header.Get("LinkedIn-Version"), status)
	case RateLimitedDay:
		refused = dayLimit("APPLICATION")
	case RetryAfter:
		refused = throttled()
		refused.header = http.Header{"Retry-After": {f.Value}}
	case TokenExpired:
		refused = expiredToken
	case TokenRevoked:
		refused = revokedToken
	case Duplicate:
		refused = duplicate("urn:li:share:7141138937766391808")
	case VersionSunset:
		refused = inactiveVersion(r.Header.Get("LinkedIn-Version"))
	default:
		if after, refused = f.ofLLM(w, r); refused == nil {
			return after, false
		}
	}
	refused.write(w, r.URL.Path)
	return nil, true
}
