package identity

import (
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// User is a person whose posts Postwright keeps.
type User struct {
	ID        uuid.UUID
	Email     string
	Name      string // "" when nobody gave one
	Operator  bool   // it is kept and shown; nothing asks for it yet
	TimeZone  string // "" when nobody gave one
	CreatedAt time.Time
}

// Key is what is kept of an API key: enough to recognise it, not enough to use it.
type Key struct {
	ID        uuid.UUID
	OwnerID   uuid.UUID
	Label     string
	Prefix    string // the part that may be shown
	hash      []byte // SHA-256 of the whole key
	CreatedAt time.Time
	RevokedAt *time.Time
}

// userFromRow is the user of a row, whose key of the address only the database compares. It is handed what a query returns.
func userFromRow(row db.User, err error) (User, error) {
	//exhaustruct:enforce
	return User{ID: row.ID, Email: row.Email, Name: row.Name, Operator: row.Operator, TimeZone: row.TimeZone, CreatedAt: row.CreatedAt}, err
}

// keyFromRow is the key of a row. It is handed what a query returns.
func keyFromRow(row db.APIKey, err error) (Key, error) {
	//exhaustruct:enforce
	return Key{
		ID: row.ID, OwnerID: row.OwnerID, Label: row.Label, Prefix: row.Prefix, hash: row.Hash, CreatedAt: row.CreatedAt, RevokedAt: row.RevokedAt,
	}, err
}

// Session is somebody who is signed in, in one browser.
type Session struct {
	ID         uuid.UUID
	Number     int64 // the later, the higher
	OwnerID    uuid.UUID
	TokenHash  string
	UserAgent  string // what the browser called itself as the session began
	Address    string // where it began; "" where that is not known
	CreatedAt  time.Time
	LastUsedAt time.Time
	ExpiresAt  time.Time // when it ends unless it is used before
	EndsAt     time.Time // when it ends in any case
}

// sessionFromRow is the session of a row. It is handed what a query returns.
func sessionFromRow(row db.Session, err error) (Session, error) {
	//exhaustruct:enforce
	return Session{
		ID: row.ID, Number: row.Number, OwnerID: row.OwnerID, TokenHash: row.TokenHash, UserAgent: row.UserAgent, Address: row.Address,
		CreatedAt: row.CreatedAt, LastUsedAt: row.LastUsedAt, ExpiresAt: row.ExpiresAt, EndsAt: row.EndsAt,
	}, err
}
