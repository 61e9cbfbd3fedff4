package notify

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/zone"
)

// Notification is what is kept of a message to a user.
type Notification struct {
	ID        uuid.UUID
	OwnerID   uuid.UUID
	PostID    *uuid.UUID // nil when it is about no post, or about one that is gone
	Event     Event      // "" for what a caller wrote
	Channel   string     // Email or Push
	Sender    string     // API, SMTP, WebPush or Log
	Recipient string
	Subject   string
	State     State
	Problem   string // why it was not delivered, or not to every browser, in words for the owner
	Attempts  int
	CreatedAt time.Time
	content   string // what it says, until it is delivered
	html      string
	reached   []uuid.UUID // the browsers that have taken it
}

// State is how far a message is.
type State string

// The states.
const (
	StateWaiting   State = "waiting" // to be sent, for the first time or again
	StateSending   State = "sending"
	StateDelivered State = "delivered"
	StateFailed    State = "failed" // given up
)

// ended is the state of a row that has come to rest, delivered or not.
const ended = "ended"

// fromRow is the notification of a row. It is handed what a query returns.
func fromRow(row db.Notification, err error) (Notification, error) {
	state := State(row.State)
	switch {
	case row.State == ended && row.Delivered:
		state = StateDelivered
	case row.State == ended:
		state = StateFailed
	}
	//exhaustruct:enforce
	return Notification{
		ID: row.ID, OwnerID: row.OwnerID, PostID: row.PostID, Event: Event(row.Event), Channel: row.Channel, Sender: row.Sender,
		Recipient: row.Recipient, Subject: row.Subject, State: state, Problem: row.Problem, Attempts: int(row.Attempts), CreatedAt: row.CreatedAt,
		content: row.Content, html: row.Html, reached: row.Reached,
	}, err
}

// preferencesFromRow are the preferences of a row.
func preferencesFromRow(row db.NotificationPreference) (Preferences, error) {
	p := Preferences{muted: row.Muted, Quiet: nil}
	if row.QuietFrom != nil && row.QuietUntil != nil && row.QuietZone != nil {
		in, err := zone.Load(*row.QuietZone)
		if err != nil { // a newer node has written it
			return Preferences{}, fmt.Errorf("read the zone of quiet hours: %w", err)
		}
		p.Quiet = &QuietHours{
			From: time.Duration(*row.QuietFrom) * time.Minute, Until: time.Duration(*row.QuietUntil) * time.Minute, Zone: in,
		}
	}
	return p, nil
}
