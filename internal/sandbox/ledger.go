package sandbox

import (
	"fmt"
	"net/http"
	"time"
	"unicode/utf16"
)

// Entry is one create that LinkedIn accepted.
type Entry struct {
	Operation string    `json:"operation"` // createPost or createUgcPost
	Time      time.Time `json:"time"`
	Author    string    `json:"author"`
	URN       string    `json:"urn"`
	// RequestID is the x-li-request-id of the answer, also of one that a fault kept from arriving.
	RequestID  string `json:"requestId"`
	Version    string `json:"version,omitempty"`
	Visibility string `json:"visibility"`
	// Sent is the request's body, as it came.
	Sent string `json:"sent"`
	// Commentary is the text in it; Shown is what people see of it.
	Commentary string `json:"commentary"`
	Shown      string `json:"shown"`
	// Edited is when the text last changed: the time of the create, or of the newest update.
	Edited  time.Time `json:"edited"`
	Deleted bool      `json:"deleted"`
	// LifecycleState is that of LinkedIn's posts; "" for PUBLISHED.
	LifecycleState string `json:"lifecycleState,omitempty"`
}

// Notification is one message that was delivered.
type Notification struct {
	Channel   string    `json:"channel"` // email or push
	Time      time.Time `json:"time"`
	Recipient string    `json:"recipient"`
	Subject   string    `json:"subject"`
	Content   string    `json:"content"`
}

// ListAs sets how posts are listed and read from now on: LinkedIn may keep a post otherwise than it was sent. The ledger
// does not change.
func (s *Sandbox) ListAs(change func(Entry) Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listAs = change
}

// Ledger returns every create that was accepted, in order.
func (s *Sandbox) Ledger() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Entry, len(s.entries))
	for i, e := range s.entries {
		list[i] = *e
	}
	return list
}

// Notifications returns every message that was delivered, in order.
func (s *Sandbox) Notifications() []Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Notification{}, s.notifications...) // an empty list, never null
}

// maxShown is LinkedIn's limit of a post's text, in UTF-16 units.
const maxShown = 3000

// accept checks the text and enters a create into the ledger. e lacks time and URN.
func (s *Sandbox) accept(e Entry) (*Entry, error) {
	if err := checkLength(e.Shown); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.entries) >= maxEntries {
		return nil, refuse(http.StatusServiceUnavailable, "UNDER_MAINTENANCE", "The sandbox keeps no more than 100,000 posts: start it anew")
	}
	e.Time = s.opts.Clock()
	e.Edited = e.Time
	key := e.Author + "\x00" + e.Shown
	// Deleting the first one does not help: LinkedIn goes on to name it.
	if first, there := s.recent[key]; there && e.Time.Sub(first.Time) < s.opts.DuplicateWindow {
		return nil, duplicate(first.URN)
	}
	s.sequence++
	e.URN = fmt.Sprintf("urn:li:share:%d", s.sequence)
	s.entries = append(s.entries, &e)
	s.byURN[e.URN] = &e
	s.recent[key] = &e
	return &e, nil
}

// checkLength refuses a text that is longer, as shown, than LinkedIn allows.
func checkLength(shown string) error {
	if n := len(utf16.Encode([]rune(shown))); n > maxShown {
		return tooLong(n)
	}
	return nil
}

// published returns a post that is there.
func (s *Sandbox) published(urn string) (*Entry, bool) {
	e, there := s.byURN[urn]
	return e, there && !e.Deleted
}
