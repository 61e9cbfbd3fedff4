package notify

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/pagetoken"
	"github.com/postwright/postwright/internal/postgres"
)

// ListInput asks for a page of a user's messages. How long a page may be, specs/api says.
type ListInput struct {
	OwnerID   uuid.UUID
	Failed    bool // only those that were given up
	PageSize  int  // 0 for 10
	PageToken string
}

// Page is a page of messages, and the token of the next; "" on the last.
type Page struct {
	Notifications []Notification
	NextPageToken string
}

const defaultPageSize = 10

// Validate lists everything that is wrong with the input.
func (in ListInput) Validate() error {
	_, err := readToken(in.PageToken)
	return err
}

// place is where a page begins: after a message, newest first.
type place struct {
	at time.Time
	id uuid.UUID
}

// newest is before every message.
var newest = place{at: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), id: uuid.Max}

func (p place) token() string { return pagetoken.Make(p.id, p.at.UnixMicro()) }

func readToken(token string) (place, error) {
	if token == "" {
		return newest, nil
	}
	id, micros, err := pagetoken.Read(token)
	return place{at: time.UnixMicro(min(micros, newest.at.UnixMicro())), id: id}, err
}

// List returns what a user was sent or not, newest first.
func (s *Service) List(ctx context.Context, in ListInput) (page Page, err error) {
	after, err := readToken(in.PageToken)
	if err != nil {
		return Page{}, err
	}
	size := in.PageSize
	if size == 0 {
		size = defaultPageSize
	}
	most := int32(size) + 1
	var rows []db.Notification
	if in.Failed {
		rows, err = s.queries.NotificationListFailed(ctx, s.store, db.NotificationListFailedParams{
			OwnerID: in.OwnerID, BeforeTime: after.at, BeforeID: after.id, PageSize: most,
		})
	} else {
		rows, err = s.queries.NotificationList(ctx, s.store, db.NotificationListParams{
			OwnerID: in.OwnerID, BeforeTime: after.at, BeforeID: after.id, PageSize: most,
		})
	}
	if err != nil {
		return Page{}, err
	}
	if len(rows) > size {
		rows = rows[:size]
		page.NextPageToken = place{at: rows[size-1].CreatedAt, id: rows[size-1].ID}.token()
	}
	for _, row := range rows {
		n, _ := fromRow(row, nil)
		page.Notifications = append(page.Notifications, n)
	}
	return page, nil
}

// ReasonNotResendable marks the fault of a message that can't be sent again.
const ReasonNotResendable = "NOTIFICATION_NOT_RESENDABLE"

// Resend has a message that was given up sent again; it counts as if the user had sent it.
func (s *Service) Resend(ctx context.Context, owner, id uuid.UUID) (Notification, error) {
	n, err := fromRow(s.queries.NotificationGet(ctx, s.store, db.NotificationGetParams{ID: id, OwnerID: owner}))
	if fault.Is(err, fault.NotFound) {
		return Notification{}, fault.New(fault.NotFound, "There is no such notification: ListNotifications shows those there are.")
	}
	if err != nil {
		return Notification{}, err
	}
	if n.State != StateFailed {
		return Notification{}, notResendable("It is " + string(n.State) + ": only what has failed is sent again.")
	}
	if n.content == "" {
		return Notification{}, notResendable("What it said is not kept: send what you wrote with SendEmail or SendPush.")
	}
	if err := s.countRequested(ctx, owner); err != nil {
		return Notification{}, err
	}
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		n, err = fromRow(s.queries.NotificationResend(ctx, tx, db.NotificationResendParams{ID: id, OwnerID: owner}))
		if fault.Is(err, fault.NotFound) {
			return notResendable("Somebody else has it sent again at this moment.")
		}
		if err != nil {
			return err
		}
		return s.jobs.Insert(ctx, tx, DeliveryArgs{OwnerID: owner, NotificationID: id, Asked: true})
	})
	return n, err
}

func notResendable(message string) error {
	return fault.New(fault.Precondition, message).WithReason(ReasonNotResendable)
}
