package rpc

import (
	"context"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/signin"
)

// browserOf is what is known of where a call comes from.
func browserOf(ctx context.Context) identity.Browser {
	browser := identity.Browser{Address: connectionOf(ctx).from}
	if info, there := connect.CallInfoForServerContext(ctx); there {
		browser.UserAgent = info.RequestHeader().Get("User-Agent")
	}
	return browser
}

// responseHeader is the answer's, nil where it has none.
func responseHeader(ctx context.Context) *connect.Header {
	info, there := connect.CallInfoForServerContext(ctx)
	if !there {
		return nil
	}
	return info.ResponseHeader()
}

func signInInput(ctx context.Context, m *postwrightv1.SignInRequest) signin.Input {
	return signin.Input{Email: m.GetEmail(), Password: m.GetPassword(), Browser: browserOf(ctx)}
}

func linkInput(ctx context.Context, m *postwrightv1.SignInWithLinkRequest) signin.LinkInput {
	return signin.LinkInput{Token: m.GetToken(), Browser: browserOf(ctx)}
}

func setUpInput(ctx context.Context, m *postwrightv1.SetUpFirstUserRequest) signin.SetUp {
	return signin.SetUp{
		Token: m.GetToken(), Password: m.GetPassword(), Browser: browserOf(ctx),
		User: identity.NewUser{Email: m.GetEmail(), Name: m.GetDisplayName(), TimeZone: m.GetTimeZone()},
	}
}

func listSessionsInput(caller uuid.UUID, m *postwrightv1.ListSessionsRequest) identity.ListInput {
	return identity.ListInput{OwnerID: caller, PageSize: m.GetPageSize(), PageToken: m.GetPageToken()}
}

func changeInput(_ uuid.UUID, m *postwrightv1.ChangePasswordRequest) signin.Change {
	return signin.Change{Current: m.GetCurrentPassword(), New: m.GetNewPassword()}
}

func ownProfileInput(caller uuid.UUID, m *postwrightv1.UpdateProfileRequest) identity.Profile {
	return identity.Profile{UserID: caller, Name: m.GetDisplayName(), TimeZone: m.GetTimeZone()}
}

// currentMessage is the session that a call was made with, or has just begun.
func currentMessage(c signin.Current) *postwrightv1.Session {
	return sessionMessage(c.Session, c.User, c.Session.ID)
}

func sessionMessage(s identity.Session, user identity.User, current uuid.UUID) *postwrightv1.Session {
	return &postwrightv1.Session{
		Id: s.ID.String(), UserId: user.ID.String(), Email: user.Email, DisplayName: user.Name, TimeZone: user.TimeZone, Operator: user.Operator,
		CreateTime: timestamppb.New(s.CreatedAt), LastUseTime: timestamppb.New(s.LastUsedAt), ExpireTime: timestamppb.New(s.ExpiresAt),
		UserAgent: s.UserAgent, Address: s.Address, Current: s.ID == current,
	}
}

func sessionsMessage(page identity.SessionPage, user identity.User, access identity.Access) *postwrightv1.ListSessionsResponse {
	res := &postwrightv1.ListSessionsResponse{NextPageToken: page.NextPageToken}
	for _, s := range page.Sessions {
		res.Sessions = append(res.Sessions, sessionMessage(s, user, access.SessionID))
	}
	return res
}
