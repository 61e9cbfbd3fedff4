package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/webpush"
)

// Send implements Channel: it writes to every browser of the owner that has not taken the message yet, to all at once, 20 at most. The
// message is delivered when at least one browser has taken it, and none is to be tried again; the fault says what became of the others.
func (b *Browsers) Send(ctx context.Context, m Message) (bool, error) {
	browsers, err := b.List(ctx, m.OwnerID)
	if err != nil {
		return false, err
	}
	browsers = slices.DeleteFunc(browsers, func(one Browser) bool { return slices.Contains(m.reached, one.ID) })
	if len(browsers) == 0 {
		if len(m.reached) > 0 { // the others are gone by now
			return true, nil
		}
		return false, fault.New(fault.Precondition, "It was not sent: no browser is subscribed. RegisterPushSubscription does that.")
	}
	faults := make([]*fault.Error, len(browsers))
	payload := payloadOf(m)
	var sending sync.WaitGroup
	for i, one := range browsers {
		sending.Go(func() { faults[i] = b.push(ctx, one, payload) })
	}
	sending.Wait()
	delivered, f := b.summary(context.WithoutCancel(ctx), m, browsers, faults) // a job that is cut off does not change what is to be recorded
	if f != nil {
		return delivered, f
	}
	return delivered, nil
}

// push writes to one browser.
func (b *Browsers) push(ctx context.Context, to Browser, payload []byte) *fault.Error {
	auth, err := b.open(to.sealedAuth, to.OwnerID, to.Endpoint)
	if err == nil {
		err = b.client.Push(ctx, webpush.Subscription{Endpoint: to.Endpoint, P256dh: to.p256dh, Auth: auth}, payload)
	}
	return fault.Of(err)
}

// mostTold is how much is told of the browsers that did not take a message, in bytes.
const mostTold = 1000

// summary makes one answer of those of all browsers, and keeps what of it matters later: which have taken the message, where others have
// not, and which are gone. Where one is in doubt nothing is tried again by itself: nobody wants the same message twice.
func (b *Browsers) summary(ctx context.Context, m Message, browsers []Browser, faults []*fault.Error) (delivered bool, all *fault.Error) {
	all = fault.New(fault.VendorRejected, "")
	var taken []uuid.UUID
	var problems []string
	retry := false
	for i, f := range faults {
		if f == nil {
			taken = append(taken, browsers[i].ID)
			continue
		}
		all.Doubt = all.Doubt || f.Doubt
		if worthAnother(f) {
			retry = m.id != uuid.Nil // what a caller wrote is tried once
			all.Kind, all.RetryAfter = f.Kind, max(all.RetryAfter, f.RetryAfter)
		}
		problem := browsers[i].name() + ": " + f.Message
		if f.Kind == fault.NotFound {
			problem += b.remove(ctx, browsers[i])
		}
		problems = append(problems, problem)
	}
	if len(problems) == 0 {
		return true, nil
	}
	if retry && len(taken) > 0 && b.keep(ctx, m, taken) != nil {
		all.Doubt = true // nothing is sent again by itself that some have
	}
	began := "No browser took it. "
	if len(taken)+len(m.reached) > 0 {
		began = "Not every browser took it. "
		delivered = !retry
	}
	all.Message = fault.Clip(began+strings.Join(problems, "; ")+".", mostTold)
	return delivered, all
}

// worthAnother tells what surely did not reach a browser, and may the next time.
func worthAnother(f *fault.Error) bool {
	return !f.Doubt && passing(f.Kind)
}

// remove has a user told no more in a browser that is gone, and says so.
func (b *Browsers) remove(ctx context.Context, gone Browser) string {
	if err := b.Delete(ctx, gone.OwnerID, gone.ID); err != nil && !fault.Is(err, fault.NotFound) {
		b.log.WarnContext(ctx, "a push subscription that is gone could not be removed", "push_subscription_id", gone.ID, "error", err)
		return ""
	}
	return ", and was removed"
}

// keep writes down which browsers have taken a message.
func (b *Browsers) keep(ctx context.Context, m Message, taken []uuid.UUID) error {
	_, err := b.queries.NotificationReached(ctx, b.store, db.NotificationReachedParams{ID: m.id, OwnerID: m.OwnerID, Taken: taken})
	return err
}

// name is a browser's for its owner.
func (b Browser) name() string {
	if b.Description != "" {
		return b.Description
	}
	if at, err := url.Parse(b.Endpoint); err == nil {
		return at.Host
	}
	return b.ID.String()
}

// payload is what a browser's service worker gets.
type payload struct {
	ID    string `json:"id,omitempty"` // the notification's; absent for what a caller wrote
	Event Event  `json:"event,omitempty"`
	Title string `json:"title"`
	Body  string `json:"body"`
}

// mostTitle bounds a title so that something of the body fits beside it.
const mostTitle = 400

// payloadOf is a message as push services take it, with as much of its text as fits.
func payloadOf(m Message) []byte {
	p := payload{Event: m.Event, Title: fault.Clip(m.Subject, mostTitle)}
	if m.id != uuid.Nil {
		p.ID = m.id.String()
	}
	with := func(length int) []byte {
		p.Body = fault.Clip(m.Content, max(length, shortestBody))
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(p) // texts alone: it never fails
		return bytes.TrimRight(encoded.Bytes(), "\n")
	}
	most := min(len(m.Content), webpush.MostBytes)
	tooLong := sort.Search(most, func(length int) bool { return len(with(length+1)) > webpush.MostBytes })
	return with(tooLong)
}

// shortestBody has room for one character, and the mark that more is missing.
const shortestBody = 8
