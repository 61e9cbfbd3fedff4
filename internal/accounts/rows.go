package accounts

import (
	"bytes"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// Account is a LinkedIn member or page that posts go out with. Who it is, and what its token may, is for all to see; how it stands
// follows from what it keeps to itself, and Standing says it. Token and TokenToAsk open its token for a call at hand.
type Account struct {
	ID          uuid.UUID
	OwnerID     uuid.UUID
	URN         string
	DisplayName string
	App         string   // the LinkedIn app that gave the tokens
	Scopes      []string // that the token is known to have; none when nobody knows
	IsDefault   bool     // posts without an account go out with it
	CreatedAt   time.Time
	UpdatedAt   time.Time

	sealedToken           []byte
	sealedRefreshToken    []byte
	tokenExpiresAt        *time.Time
	tokenExpiryAssumed    bool
	refreshTokenExpiresAt *time.Time
	tokenRevision         int64 // grows with every token
	renewingUntil         *time.Time
	checkedAt             *time.Time
	notKnownAt            *time.Time
	renewalRefusedAt      *time.Time
	warnedDays            *int32

	disconnectedAt   *time.Time
	pausedReason     string
	heldUntil        *time.Time
	heldReason       string
	holdStreak       int16
	numbersHeldUntil *time.Time
	requestsDay      *time.Time
	requestsMade     int32
}

// SameToken reports whether the account has the token that it had when then was read. The revision alone does not tell: a
// database that went back counts the same ones anew. A token that was sealed anew meanwhile passes for another.
func (a Account) SameToken(then Account) bool { return bytes.Equal(a.sealedToken, then.sealedToken) }

// FromRow is the account of a row. It is handed what a query returns.
func FromRow(row db.LinkedInAccount, err error) (Account, error) {
	//exhaustruct:enforce
	return Account{
		ID: row.ID, OwnerID: row.OwnerID, URN: row.URN, DisplayName: row.DisplayName, App: row.App, Scopes: row.Scopes,
		IsDefault: row.IsDefault, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
		sealedToken: row.SealedToken, sealedRefreshToken: row.SealedRefreshToken, tokenExpiresAt: row.TokenExpiresAt,
		tokenExpiryAssumed: row.TokenExpiryAssumed, refreshTokenExpiresAt: row.RefreshTokenExpiresAt, tokenRevision: row.TokenRevision,
		renewingUntil: row.RenewingUntil, checkedAt: row.CheckedAt, notKnownAt: row.NotKnownAt, renewalRefusedAt: row.RenewalRefusedAt,
		warnedDays:     row.WarnedDays,
		disconnectedAt: row.DisconnectedAt, pausedReason: row.PausedReason, heldUntil: row.HeldUntil, heldReason: row.HeldReason,
		holdStreak: row.HoldStreak, numbersHeldUntil: row.NumbersHeldUntil, requestsDay: row.RequestsDay, requestsMade: row.RequestsMade,
	}, err
}

// fromRows is FromRow for many.
func fromRows(rows []db.LinkedInAccount, err error) ([]Account, error) {
	list := make([]Account, len(rows))
	for i, row := range rows {
		list[i], _ = FromRow(row, nil)
	}
	return list, err
}
