package accounts

import (
	"bytes"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// Account is a LinkedIn member or page that posts go out with. Standing says how it stands; Token and TokenToAsk open its token
// for a call at hand.
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
	TokenExpiresAt        *time.Time
	TokenExpiryAssumed    bool
	RefreshTokenExpiresAt *time.Time
	TokenRevision         int64 // grows with every token
	RenewingUntil         *time.Time
	CheckedAt             *time.Time
	NotKnownAt            *time.Time
	RenewalRefusedAt      *time.Time
	WarnedDays            *int32

	DisconnectedAt   *time.Time
	PausedReason     string
	HeldUntil        *time.Time
	HeldReason       string
	HoldStreak       int16
	NumbersHeldUntil *time.Time
	RequestsDay      *time.Time
	RequestsMade     int32
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
		sealedToken: row.SealedToken, sealedRefreshToken: row.SealedRefreshToken, TokenExpiresAt: row.TokenExpiresAt,
		TokenExpiryAssumed: row.TokenExpiryAssumed, RefreshTokenExpiresAt: row.RefreshTokenExpiresAt, TokenRevision: row.TokenRevision,
		RenewingUntil: row.RenewingUntil, CheckedAt: row.CheckedAt, NotKnownAt: row.NotKnownAt, RenewalRefusedAt: row.RenewalRefusedAt,
		WarnedDays:     row.WarnedDays,
		DisconnectedAt: row.DisconnectedAt, PausedReason: row.PausedReason, HeldUntil: row.HeldUntil, HeldReason: row.HeldReason,
		HoldStreak: row.HoldStreak, NumbersHeldUntil: row.NumbersHeldUntil, RequestsDay: row.RequestsDay, RequestsMade: row.RequestsMade,
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
