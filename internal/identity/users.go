package identity

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/email"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/text"
	"github.com/postwright/postwright/internal/zone"
)

// nameFaults checks what people call a user or a key, which may be nothing.
func nameFaults(path, name string) []fault.Field {
	switch {
	case utf8.RuneCountInString(name) > 200 || !postgres.Storable(name):
		return []fault.Field{{Path: path, Problem: "must be text of at most 200 characters"}}
	case name != "" && !text.Visible(name):
		return []fault.Field{{Path: path, Problem: "must hold something that a reader sees, or be left out"}}
	}
	return nil
}

// zoneFaults checks a time zone, which may be nothing.
func zoneFaults(path, name string) []fault.Field {
	if _, err := zone.Load(name); err != nil {
		return []fault.Field{{Path: path, Problem: err.Error()}}
	}
	return nil
}

// NewUser is a user to be made.
type NewUser struct {
	Email    string
	Name     string // may be empty
	TimeZone string // may be empty
	Operator bool
}

// Faults lists everything that is wrong with a user to be made, each under the name that a caller of the API writes.
func (u NewUser) Faults() (faults []fault.Field) {
	if _, err := email.Parse(u.Email); err != nil {
		faults = append(faults, fault.Field{Path: "email", Problem: err.Error()})
	}
	faults = append(faults, nameFaults("name", u.Name)...)
	return append(faults, zoneFaults("timeZone", u.TimeZone)...)
}

// CreateUser makes a user. The address must be one by internal/email and not taken, whatever its spelling; name may be empty.
func (s *Service) CreateUser(ctx context.Context, address, name string) (User, error) {
	return s.Create(ctx, s.store, NewUser{Email: address, Name: name})
}

// Create makes a user in a transaction, or on the store itself. The address must be one by internal/email and not taken, whatever
// its spelling.
func (s *Service) Create(ctx context.Context, on db.DBTX, u NewUser) (User, error) {
	if err := fault.Fields(u.Faults()...); err != nil {
		return User{}, err
	}
	parsed, err := email.Parse(u.Email)
	if err != nil {
		return User{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return User{}, err
	}
	return userFromRow(s.queries.UserInsert(ctx, on, db.UserInsertParams{
		ID: id, Email: parsed.String(), EmailKey: parsed.Key(), Name: u.Name, Operator: u.Operator, TimeZone: u.TimeZone, CreatedAt: s.now(),
	}))
}

// ListUsers lists all users, oldest first.
func (s *Service) ListUsers(ctx context.Context) ([]User, error) {
	rows, err := s.queries.UserList(ctx, s.store)
	users := make([]User, len(rows))
	for i, row := range rows {
		users[i], _ = userFromRow(row, nil)
	}
	return users, err
}

// Empty reports whether there is no user yet.
func (s *Service) Empty(ctx context.Context, on db.DBTX) (bool, error) {
	some, err := s.queries.UserExists(ctx, on)
	return !some, err
}

// User returns a user.
func (s *Service) User(ctx context.Context, id uuid.UUID) (User, error) {
	return userFromRow(s.queries.UserGet(ctx, s.store, id))
}

// EmailKey is what two spellings of one address have in common.
func EmailKey(address string) string {
	if parsed, err := email.Parse(address); err == nil {
		return parsed.Key()
	}
	return strings.ToLower(address) // of a user from before there was one rule
}

// UserByEmail finds a user by address, whatever its spelling.
func (s *Service) UserByEmail(ctx context.Context, address string) (User, error) {
	user, err := userFromRow(s.queries.UserGetByEmail(ctx, s.store, EmailKey(address)))
	if fault.Is(err, fault.NotFound) {
		return User{}, fault.Newf(fault.NotFound, "There is no user with the address %q: `postwright user list` shows those there are.", address)
	}
	return user, err
}

// Profile is what users say of themselves.
type Profile struct {
	UserID         uuid.UUID
	Name, TimeZone string // may be empty
}

// Validate lists everything that is wrong with a profile.
func (p Profile) Validate() error {
	return fault.Fields(append(nameFaults("displayName", p.Name), zoneFaults("timeZone", p.TimeZone)...)...)
}

// UpdateProfile changes what a user says of themselves.
func (s *Service) UpdateProfile(ctx context.Context, p Profile) (User, error) {
	if err := p.Validate(); err != nil {
		return User{}, err
	}
	return userFromRow(s.queries.UserUpdateProfile(ctx, s.store, db.UserUpdateProfileParams{ID: p.UserID, Name: p.Name, TimeZone: p.TimeZone}))
}
