package notify

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/reach"
	"github.com/postwright/postwright/internal/vendors/webpush"
)

// MaxBrowsers is how many browsers a user may be told in.
const MaxBrowsers = 20

// Browser is one in which a user is told by Web Push.
type Browser struct {
	ID          uuid.UUID
	OwnerID     uuid.UUID
	Endpoint    string
	Description string
	CreatedAt   time.Time
	UpdatedAt   time.Time
	p256dh      string
	sealedAuth  []byte
}

// Browsers keeps where users are told by Web Push, and writes there: it is a Channel. It is safe for concurrent use.
type Browsers struct {
	store   *postgres.Store
	queries *db.Queries
	vault   *accounts.Vault
	client  *webpush.Client
	now     func() time.Time
	log     *slog.Logger
}

// BrowsersDependencies are what Browsers work with.
type BrowsersDependencies struct {
	Store  *postgres.Store
	Vault  *accounts.Vault // seals the browsers' secrets; may be nil where Client is
	Client *webpush.Client // nil where push messages do not go by Web Push
	Now    func() time.Time
	Log    *slog.Logger
}

// NewBrowsers returns Browsers.
func NewBrowsers(on BrowsersDependencies) *Browsers {
	return &Browsers{store: on.Store, queries: db.New(), vault: on.Vault, client: on.Client, now: on.Now, log: on.Log}
}

// PublicKey is what browsers subscribe with; "" where Web Push is not set up.
func (b *Browsers) PublicKey() string {
	if b.client == nil {
		return ""
	}
	return b.client.PublicKey()
}

// Reach is where push services may be.
func (b *Browsers) Reach() reach.Reach {
	if b.client == nil {
		return reach.Reach{}
	}
	return b.client.Reach()
}

// BrowserInput asks for a user to be told in a browser. How long its texts may be, specs/api says.
type BrowserInput struct {
	OwnerID                uuid.UUID
	Endpoint, P256dh, Auth string // of its PushSubscription
	Description            string
	Reach                  reach.Reach // where it may be: Browsers.Reach
}

func (in BrowserInput) subscription() webpush.Subscription {
	return webpush.Subscription{Endpoint: in.Endpoint, P256dh: in.P256dh, Auth: in.Auth}
}

// Validate lists everything that is wrong with the input.
func (in BrowserInput) Validate() error {
	faults := in.subscription().Faults(in.Reach)
	if strings.ContainsFunc(in.Description, misleads) {
		faults = append(faults, fault.Field{Path: "description", Problem: "must be one line, without control characters"})
	}
	return fault.Fields(faults...)
}

// Register has a user told in a browser; one that is there is renewed.
func (b *Browsers) Register(ctx context.Context, in BrowserInput) (browser Browser, err error) {
	if err := in.Validate(); err != nil {
		return Browser{}, err
	}
	if b.client == nil {
		return Browser{}, fault.New(fault.Precondition,
			"Push messages do not go by Web Push here: the operator sets that up with --webpush-private-key, and with "+
				"--notification-push=webpush where that names another way.").WithReason("WEB_PUSH_OFF")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Browser{}, err
	}
	sealed, err := b.seal(in.Auth, in.OwnerID, in.Endpoint)
	if err != nil {
		return Browser{}, err
	}
	err = b.store.InTx(ctx, func(tx *postgres.Tx) error {
		if _, err := b.queries.PushSubscriptionLockOwner(ctx, tx, in.OwnerID); err != nil {
			return err
		}
		browser, err = browserFromRow(b.queries.PushSubscriptionUpsert(ctx, tx, db.PushSubscriptionUpsertParams{
			ID: id, OwnerID: in.OwnerID, Endpoint: in.Endpoint, P256dh: in.P256dh, SealedAuth: sealed,
			Description: in.Description, Now: b.now(), Most: MaxBrowsers,
		}))
		if fault.Is(err, fault.NotFound) {
			return fault.Newf(fault.Precondition, "You are told in %d browsers, which are all that a user may have: delete one with "+
				"DeletePushSubscription.", MaxBrowsers).WithReason("PUSH_SUBSCRIPTION_LIMIT")
		}
		return err
	})
	return browser, err
}

// List returns the browsers that a user is told in, oldest first.
func (b *Browsers) List(ctx context.Context, owner uuid.UUID) ([]Browser, error) {
	rows, err := b.queries.PushSubscriptionListByOwner(ctx, b.store, owner)
	list := make([]Browser, len(rows))
	for i, row := range rows {
		list[i], _ = browserFromRow(row, nil)
	}
	return list, err
}

// Any reports whether a user is told in a browser at all.
func (b *Browsers) Any(ctx context.Context, owner uuid.UUID) (bool, error) {
	list, err := b.List(ctx, owner)
	return len(list) > 0, err
}

// Delete has a user told no more in a browser.
func (b *Browsers) Delete(ctx context.Context, owner, id uuid.UUID) error {
	rows, err := b.queries.PushSubscriptionDelete(ctx, b.store, db.PushSubscriptionDeleteParams{ID: id, OwnerID: owner})
	if err == nil && rows == 0 {
		return fault.New(fault.NotFound, "There is no such push subscription: ListPushSubscriptions shows those there are.")
	}
	return err
}

// browserFromRow is the browser of a row. It is handed what a query returns.
func browserFromRow(row db.PushSubscription, err error) (Browser, error) {
	//exhaustruct:enforce
	return Browser{
		ID: row.ID, OwnerID: row.OwnerID, Endpoint: row.Endpoint, Description: row.Description, CreatedAt: row.CreatedAt,
		UpdatedAt: row.UpdatedAt, p256dh: row.P256dh, sealedAuth: row.SealedAuth,
	}, err
}

// binding ties a sealed secret to its browser: copied to another row it does not open.
func binding(owner uuid.UUID, endpoint string) []byte {
	return fmt.Appendf(nil, "push subscription\x00%s\x00%s", owner, endpoint)
}

func (b *Browsers) seal(secret string, owner uuid.UUID, endpoint string) ([]byte, error) {
	if b.vault == nil {
		return nil, accounts.NoKeyset("secrets")
	}
	return b.vault.Seal(secret, binding(owner, endpoint))
}

func (b *Browsers) open(sealed []byte, owner uuid.UUID, endpoint string) (string, error) {
	if b.vault == nil {
		return "", accounts.NoKeyset("secrets")
	}
	secret, err := b.vault.Open(sealed, binding(owner, endpoint))
	if err != nil {
		return "", fault.New(fault.Precondition, "its secret was sealed with a key that this server does not have: subscribe that browser again")
	}
	return secret, nil
}
