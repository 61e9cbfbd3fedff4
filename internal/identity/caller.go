// Package identity knows who is calling: users, their API keys and their sessions, and the caller of the request at hand. Identifier
// is the one place that says whose a call is, whatever it was proved with.
//
// It must not know what a caller may do with a post or an account: those packages ask for the owner's id. Nor how somebody came to
// begin a session.
package identity

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
)

// Proof is what a call brings to show who makes it: an API key, or the token of a session. Both may be empty, or nonsense.
type Proof struct{ Key, Session string }

// Access is whose a call is, and what it was proved with: one of KeyID and SessionID.
type Access struct{ UserID, KeyID, SessionID uuid.UUID }

// Identifier says who is calling.
type Identifier struct {
	Users    *Service
	Sessions *Sessions
}

// Identify says whose proof this is. A key goes before a session: whoever sends one means it. Every other outcome is an
// Unauthenticated fault, or the database's.
func (i Identifier) Identify(ctx context.Context, proof Proof) (Access, error) {
	switch {
	case proof.Key != "":
		key, err := i.Users.Authenticate(ctx, proof.Key)
		return Access{UserID: key.OwnerID, KeyID: key.ID}, err
	case proof.Session != "":
		session, err := i.Sessions.Authenticate(ctx, proof.Session)
		return Access{UserID: session.OwnerID, SessionID: session.ID}, err
	}
	return Access{}, unproved()
}

type callerKey struct{}

// WithCaller returns a context that carries who is calling.
func WithCaller(ctx context.Context, access Access) context.Context {
	return context.WithValue(ctx, callerKey{}, access)
}

// AccessOf returns who is calling and what they proved it with, or an Unauthenticated fault where nobody proved who they are.
func AccessOf(ctx context.Context) (Access, error) {
	access, ok := ctx.Value(callerKey{}).(Access)
	if !ok {
		return Access{}, unproved()
	}
	return access, nil
}

// Caller returns the id of the user who is calling, or an Unauthenticated fault where nobody proved who they are.
func Caller(ctx context.Context) (uuid.UUID, error) {
	access, err := AccessOf(ctx)
	return access.UserID, err
}

func unproved() error {
	return fault.New(fault.Unauthenticated, "Send an API key: `Authorization: Bearer pw_…`, or sign in.")
}

// ReasonNoSession marks the refusal of a call with an API key of what only somebody who is signed in may do.
const ReasonNoSession = "NO_SESSION"

// CallersSession returns the id of the session that the call is made with, and its user's.
func CallersSession(ctx context.Context) (Access, error) {
	access, err := AccessOf(ctx)
	if err == nil && access.SessionID == uuid.Nil {
		err = fault.New(fault.Precondition, "The call was made with an API key, which has no session: sign in, and call with its cookie alone.").
			WithReason(ReasonNoSession)
	}
	return access, err
}
