package rpc

import (
	"context"

	"github.com/google/uuid"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/signin"
)

type sessionHandler struct {
	signIn  *signin.Service
	cookies Cookies
	callers *limit.Callers
}

var _ postwrightv1connect.SessionServiceHandler = sessionHandler{}

func (h sessionHandler) SignIn(ctx context.Context, req *postwrightv1.SignInRequest) (*postwrightv1.SignInResponse, error) {
	return byAnyone(ctx, req, signInInput, begun(h, h.signIn.SignIn), func(s *postwrightv1.Session) *postwrightv1.SignInResponse {
		return &postwrightv1.SignInResponse{Session: s}
	})
}

func (h sessionHandler) SignInWithLink(
	ctx context.Context, req *postwrightv1.SignInWithLinkRequest,
) (*postwrightv1.SignInWithLinkResponse, error) {
	return byAnyone(ctx, req, linkInput, begun(h, h.signIn.SignInWithLink), func(s *postwrightv1.Session) *postwrightv1.SignInWithLinkResponse {
		return &postwrightv1.SignInWithLinkResponse{Session: s}
	})
}

func (h sessionHandler) SetUpFirstUser(
	ctx context.Context, req *postwrightv1.SetUpFirstUserRequest,
) (*postwrightv1.SetUpFirstUserResponse, error) {
	return byAnyone(ctx, req, setUpInput, begun(h, h.signIn.SetUpFirstUser), func(s *postwrightv1.Session) *postwrightv1.SetUpFirstUserResponse {
		return &postwrightv1.SetUpFirstUserResponse{Session: s}
	})
}

// begun adapts what begins a session: its token goes into the cookie, and nowhere else.
func begun[In any](
	h sessionHandler, begin func(context.Context, In) (signin.SignedIn, error),
) func(context.Context, In) (*postwrightv1.Session, error) {
	return func(ctx context.Context, in In) (*postwrightv1.Session, error) {
		signedIn, err := begin(ctx, in)
		if err != nil {
			return nil, err
		}
		noteCaller(ctx, signedIn.User.ID)
		h.callers.Remember(signedIn.Token, limit.Caller{Owner: signedIn.User.ID, Key: signedIn.Session.ID})
		if header := responseHeader(ctx); header != nil {
			h.cookies.set(header, signedIn.Token, signedIn.Session.EndsAt)
		}
		return currentMessage(signedIn.Current), nil
	}
}

// forget takes the cookie back.
func (h sessionHandler) forget(ctx context.Context) {
	if header := responseHeader(ctx); header != nil {
		h.cookies.clear(header)
	}
}

func (h sessionHandler) SignOut(ctx context.Context, req *postwrightv1.SignOutRequest) (*postwrightv1.SignOutResponse, error) {
	return unary(ctx, req, onlyCaller, func(ctx context.Context, _ uuid.UUID) (*postwrightv1.SignOutResponse, error) {
		if err := h.signIn.SignOut(ctx); err != nil {
			return nil, err
		}
		h.forget(ctx)
		return &postwrightv1.SignOutResponse{}, nil
	}, same)
}

func (h sessionHandler) GetSession(ctx context.Context, req *postwrightv1.GetSessionRequest) (*postwrightv1.GetSessionResponse, error) {
	return unary(ctx, req, onlyCaller, func(ctx context.Context, _ uuid.UUID) (signin.Current, error) {
		return h.signIn.Current(ctx)
	}, func(current signin.Current) *postwrightv1.GetSessionResponse {
		return &postwrightv1.GetSessionResponse{Session: currentMessage(current)}
	})
}

func (h sessionHandler) ListSessions(ctx context.Context, req *postwrightv1.ListSessionsRequest) (*postwrightv1.ListSessionsResponse, error) {
	return unary(ctx, req, listSessionsInput, func(ctx context.Context, in identity.ListInput) (*postwrightv1.ListSessionsResponse, error) {
		user, err := h.signIn.Users.User(ctx, in.OwnerID)
		if err != nil {
			return nil, err
		}
		page, err := h.signIn.Sessions.List(ctx, in)
		if err != nil {
			return nil, err
		}
		access, err := identity.AccessOf(ctx)
		return sessionsMessage(page, user, access), err
	}, same)
}

func (h sessionHandler) EndSession(ctx context.Context, req *postwrightv1.EndSessionRequest) (*postwrightv1.EndSessionResponse, error) {
	return unary(ctx, req, readID, func(ctx context.Context, in ownedID) (*postwrightv1.EndSessionResponse, error) {
		if err := h.signIn.Sessions.End(ctx, in.owner, in.id); err != nil {
			return nil, err
		}
		if access, err := identity.AccessOf(ctx); err == nil && access.SessionID == in.id {
			h.forget(ctx)
		}
		return &postwrightv1.EndSessionResponse{}, nil
	}, same)
}

func (h sessionHandler) ChangePassword(
	ctx context.Context, req *postwrightv1.ChangePasswordRequest,
) (*postwrightv1.ChangePasswordResponse, error) {
	return unary(ctx, req, changeInput, func(ctx context.Context, in signin.Change) (*postwrightv1.ChangePasswordResponse, error) {
		in.Browser = browserOf(ctx)
		return &postwrightv1.ChangePasswordResponse{}, h.signIn.ChangePassword(ctx, in)
	}, same)
}

func (h sessionHandler) UpdateProfile(ctx context.Context, req *postwrightv1.UpdateProfileRequest) (*postwrightv1.UpdateProfileResponse, error) {
	return unary(ctx, req, ownProfileInput, func(ctx context.Context, in identity.Profile) (*postwrightv1.UpdateProfileResponse, error) {
		_, err := h.signIn.Users.UpdateProfile(ctx, in)
		return &postwrightv1.UpdateProfileResponse{}, err
	}, same)
}
