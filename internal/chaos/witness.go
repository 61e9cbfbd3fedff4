package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/postwright/postwright/internal/sandbox"
)

// create is one create as it arrived at LinkedIn's door, and what came back from there.
type create struct {
	Number  int
	Node    int
	Text    string
	Arrived time.Time
	// Ended is when the answer was ready, or the connection broken.
	Ended time.Time
	// Status is LinkedIn's; 0 when it broke the connection instead.
	Status int
}

// witness stands between the nodes and the sandbox: it sees every create, and makes the plan's troubles happen at the
// moment that they are meant for. It trusts neither side's account of it.
type witness struct {
	plan    plan
	vendors *sandbox.Sandbox
	next    http.Handler
	// kill ends a node's process and returns when it is gone; false when there was none to end.
	kill func(node int) bool
	// restart asks for a restart of PostgreSQL and returns at once.
	restart func()
	now     func() time.Time

	mu       sync.Mutex
	creates  []*create
	met      int      // troubles of the plan whose create came
	owed     []string // kills that found nobody to kill
	restarts int
}

const maxCreateBytes = 1 << 20

// handler is what one node takes for LinkedIn.
func (w *witness) handler(node int) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/rest/posts" {
			w.next.ServeHTTP(rw, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxCreateBytes))
		if err != nil {
			return // the sender is gone, or was killed while it sent
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var sent struct{ Commentary string }
		_ = json.Unmarshal(body, &sent) // what can't be read has no text, which the check will not know
		c, trouble := w.arrival(node, sent.Commentary)
		w.serve(rw, r, c, trouble)
	})
}

// arrival notes a create and returns what is to happen to it.
func (w *witness) arrival(node int, text string) (*create, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &create{Number: len(w.creates) + 1, Node: node, Text: text, Arrived: w.now()}
	w.creates = append(w.creates, c)
	for w.restarts < len(w.plan.Restarts) && c.Number >= w.plan.Restarts[w.restarts] {
		w.restarts++
		w.restart()
	}
	trouble := w.plan.Troubles[c.Number]
	if trouble != "" {
		w.met++
	}
	if trouble == "" && len(w.owed) > 0 {
		trouble, w.owed = w.owed[0], w.owed[1:]
	}
	return c, trouble
}

func (w *witness) serve(rw http.ResponseWriter, r *http.Request, c *create, trouble string) {
	answer := &answered{ResponseWriter: rw}
	defer func() {
		w.mu.Lock()
		c.Ended, c.Status = w.now(), answer.status
		w.mu.Unlock()
	}()
	switch trouble {
	case killBefore:
		w.killOrOwe(c.Node, trouble)
		panic(http.ErrAbortHandler)
	case killAfter:
		func() {
			defer w.killOrOwe(c.Node, trouble) // also when a fault that another create armed breaks the connection
			w.next.ServeHTTP(discarded{header: http.Header{}, answered: answer}, r)
		}()
		answer.status = 0 // nobody got it
		panic(http.ErrAbortHandler)
	case killOther:
		w.killOrOwe((c.Node+1+c.Number%2)%nodes, trouble)
	case "":
	default:
		if err := w.vendors.Arm(faults[trouble]); err != nil {
			panic(fmt.Sprintf("chaos: the fault %s can't be armed: %v", trouble, err)) // a constant of this package
		}
	}
	time.Sleep(createTime)
	w.next.ServeHTTP(answer, r)
}

// createTime is how long LinkedIn takes at least to take a post, so that others' posts can hold one up.
const createTime = 200 * time.Millisecond

// limitedFor is how long LinkedIn takes no more of an account's posts once it has said so, a whole number of seconds.
const limitedFor = time.Second

// limitedSeconds is limitedFor as LinkedIn says it.
var limitedSeconds = strconv.Itoa(int(limitedFor / time.Second))

var faults = map[string]sandbox.Fault{
	acceptThenDrop: {Vendor: "linkedin", Operation: "createPost", Mode: sandbox.AcceptThenDrop, Times: 1},
	drop:           {Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Drop, Times: 1},
	slow:           {Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Slow, AfterMS: 2 * int(attemptTimeout/time.Millisecond), Times: 1},
	error500:       {Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Status, Value: "500", Times: 1},
	limit429:       {Vendor: "linkedin", Operation: "createPost", Mode: sandbox.RetryAfter, Value: limitedSeconds, Times: 1},
}

func (w *witness) killOrOwe(node int, trouble string) {
	if w.kill(node) {
		return
	}
	w.mu.Lock()
	w.owed = append(w.owed, trouble)
	w.mu.Unlock()
}

// payOne lets one of the kills happen that are owed, whatever the node is doing.
func (w *witness) payOne() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.owed) > 0 && w.kill(len(w.owed)%nodes) {
		w.owed = w.owed[1:]
	}
}

// owing is how many kills are still owed.
func (w *witness) owing() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.owed)
}

// report returns the creates that were seen so far, and what was planned and has not happened.
func (w *witness) report() (creates []create, missed []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.creates {
		creates = append(creates, *c)
	}
	if n := len(w.plan.Troubles) - w.met; n > 0 {
		missed = append(missed, fmt.Sprintf("%d troubles: there were only %d creates", n, len(w.creates)))
	}
	if n := len(w.plan.Restarts) - w.restarts; n > 0 {
		missed = append(missed, fmt.Sprintf("%d restarts: there were only %d creates", n, len(w.creates)))
	}
	for _, trouble := range w.owed {
		missed = append(missed, trouble+": there was nobody to kill")
	}
	for _, fault := range w.vendors.Armed() {
		missed = append(missed, fmt.Sprintf("%s %s: no create met it", fault.Mode, fault.Value))
	}
	return creates, missed
}

// answered notes the status that is written.
type answered struct {
	http.ResponseWriter
	status int
}

func (a *answered) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// discarded is an answer that nobody gets.
type discarded struct {
	header   http.Header
	answered *answered
}

func (d discarded) Header() http.Header         { return d.header }
func (d discarded) Write(b []byte) (int, error) { return len(b), nil }
func (d discarded) WriteHeader(int)             {}
