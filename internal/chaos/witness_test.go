package chaos

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/sandbox"
)

// door is a witness before a sandbox, with a caller in the place of a node.
type door struct {
	t      *testing.T
	url    string
	client *http.Client
	*witness

	mu       sync.Mutex
	killed   []int
	nobody   bool // whom to kill
	restarts int
}

func newDoor(t *testing.T, p plan) *door {
	t.Helper()
	vendors := sandbox.New(sandbox.Options{
		Clock: time.Now, Log: slog.New(slog.DiscardHandler), MemberDayLimit: -1, AppDayLimit: -1, DuplicateWindow: -1,
		Members: []sandbox.Member{{ID: "member0", Token: "token-of-member-0", Scopes: []string{"w_member_social"}}},
	})
	d := &door{t: t}
	d.witness = &witness{
		plan: p, vendors: vendors, next: vendors.Handler(), now: time.Now,
		kill: func(node int) bool {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.nobody {
				return false
			}
			d.killed = append(d.killed, node)
			return true
		},
		restart: func() { d.restarts++ },
	}
	server := httptest.NewServer(d.handler(1))
	t.Cleanup(server.Close)
	d.url, d.client = server.URL, server.Client()
	d.client.Timeout = attemptTimeout
	return d
}

// send sends a create and returns LinkedIn's status; 0 when there was no answer.
func (d *door) send(text string) int {
	d.t.Helper()
	body := fmt.Sprintf(
		`{"author":"urn:li:person:member0","commentary":%q,"visibility":"PUBLIC","distribution":{"feedDistribution":"MAIN_FEED"},`+
			`"lifecycleState":"PUBLISHED"}`,
		text,
	)
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url+"/rest/posts", bytes.NewBufferString(body))
	require.NoError(d.t, err)
	for name, value := range map[string]string{
		"Authorization": "Bearer token-of-member-0", "Content-Type": "application/json", "LinkedIn-Version": "202609",
		"X-Restli-Protocol-Version": "2.0.0",
	} {
		req.Header.Set(name, value)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	require.NoError(d.t, resp.Body.Close())
	return resp.StatusCode
}

// What a create meets, who sees which answer, and whether LinkedIn has it then.
func TestWhatACreateMeets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		trouble         string
		caller, witness int // the status that each sees
		there           int
		killed          []int
	}{
		{"", 201, 201, 1, nil},
		{killBefore, 0, 0, 0, []int{1}},
		{killAfter, 0, 0, 1, []int{1}},
		{killOther, 201, 201, 1, []int{0}},
		{acceptThenDrop, 0, 0, 1, nil},
		{drop, 0, 0, 0, nil},
		{slow, 0, 0, 0, nil},
		{error500, 500, 500, 0, nil},
		{limit429, 429, 429, 0, nil},
	} {
		t.Run("meets "+cmp.Or(c.trouble, "nothing"), func(t *testing.T) {
			t.Parallel()
			p := plan{Troubles: map[int]string{}}
			if c.trouble != "" {
				p.Troubles[1] = c.trouble
			}
			d := newDoor(t, p)
			require.Equal(t, c.caller, d.send("What it meets"))
			require.Eventually(t, func() bool {
				creates, _ := d.report()
				return len(creates) == 1 && !creates[0].Ended.IsZero()
			}, time.Minute, time.Millisecond)
			creates, missed := d.report()
			require.Equal(t, c.witness, creates[0].Status)
			require.Equal(t, 1, creates[0].Node)
			require.Equal(t, "What it meets", creates[0].Text)
			require.Len(t, d.vendors.Ledger(), c.there)
			require.Equal(t, c.killed, d.killed)
			require.Empty(t, missed)
		})
	}
}

// A kill that finds nobody is made good by the next create, or by the run before it ends.
func TestAKillThatFindsNobodyIsOwed(t *testing.T) {
	t.Parallel()
	d := newDoor(t, plan{Troubles: map[int]string{1: killOther, 2: killOther}})
	d.nobody = true
	require.Equal(t, 201, d.send("One"))
	require.Equal(t, 201, d.send("Two"))
	require.Equal(t, 2, d.owing())
	d.nobody = false
	require.Equal(t, 201, d.send("Three"))
	require.Equal(t, 1, d.owing())
	d.payOne()
	require.Zero(t, d.owing())
	require.Len(t, d.killed, 2)
}

// A run whose plan did not come to pass says so: else it would prove less than its figures say.
func TestWhatDidNotHappenIsTold(t *testing.T) {
	t.Parallel()
	d := newDoor(t, plan{Troubles: map[int]string{1: killOther, 3: drop}, Restarts: []int{1, 4}})
	d.nobody = true
	require.Equal(t, 201, d.send("One"))
	require.NoError(t, d.vendors.Arm(faults[limit429]))
	require.Equal(t, 1, d.restarts)
	_, missed := d.report()
	require.Equal(t, []string{
		"1 troubles: there were only 1 creates", "1 restarts: there were only 1 creates",
		killOther + ": there was nobody to kill", "retry_after 1: no create met it",
	}, missed)
}
