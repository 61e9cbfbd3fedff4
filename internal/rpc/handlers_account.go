package rpc

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
)

type accountHandler struct{ accounts *accounts.Service }

var _ postwrightv1connect.AccountServiceHandler = accountHandler{}

func (h accountHandler) ListAccounts(ctx context.Context, req *postwrightv1.ListAccountsRequest) (*postwrightv1.ListAccountsResponse, error) {
	return unary(ctx, req, onlyCaller, h.accounts.List, func(list []accounts.Account) *postwrightv1.ListAccountsResponse {
		res := &postwrightv1.ListAccountsResponse{}
		for _, a := range list {
			res.Accounts = append(res.Accounts, h.message(a))
		}
		return res
	})
}

func (h accountHandler) ConnectAccount(ctx context.Context, req *postwrightv1.ConnectAccountRequest) (*postwrightv1.ConnectAccountResponse, error) {
	return unary(ctx, req, connectInput, h.accounts.Connect, func(c accounts.Consent) *postwrightv1.ConnectAccountResponse {
		return &postwrightv1.ConnectAccountResponse{
			AuthorizationUrl: c.URL, ExpireTime: timestamppb.New(c.Expires), Warnings: c.Warnings,
		}
	})
}

func (h accountHandler) DisconnectAccount(
	ctx context.Context,
	req *postwrightv1.DisconnectAccountRequest,
) (*postwrightv1.DisconnectAccountResponse, error) {
	return unary(ctx, req, disconnectInput, func(ctx context.Context, in ownedID) (*postwrightv1.DisconnectAccountResponse, error) {
		return &postwrightv1.DisconnectAccountResponse{}, h.accounts.Disconnect(ctx, in.owner, in.id)
	}, same)
}

func (h accountHandler) GetProfile(ctx context.Context, req *postwrightv1.GetProfileRequest) (*postwrightv1.GetProfileResponse, error) {
	return unary(ctx, req, profileInput, func(ctx context.Context, in accounts.ProfileInput) (*postwrightv1.GetProfileResponse, error) {
		p, err := h.accounts.Profile(ctx, in)
		return &postwrightv1.GetProfileResponse{
			MemberId: p.MemberID, Name: p.Name, GivenName: p.GivenName, FamilyName: p.FamilyName,
			PictureUrl: p.PictureURL, Locale: p.Locale, Email: p.Email,
		}, err
	}, same)
}

func connectInput(caller uuid.UUID, m *postwrightv1.ConnectAccountRequest) accounts.ConnectInput {
	return accounts.ConnectInput{OwnerID: caller, Organization: m.GetOrganizationId(), App: m.GetApp()}
}

func disconnectInput(caller uuid.UUID, m *postwrightv1.DisconnectAccountRequest) ownedID {
	return ownedID{caller, parseID(m.GetAccountId())}
}

func profileInput(caller uuid.UUID, m *postwrightv1.GetProfileRequest) accounts.ProfileInput {
	return accounts.ProfileInput{OwnerID: caller, AccountID: optionalID(m.GetAccountId())}
}

func (h accountHandler) message(a accounts.Account) *postwrightv1.Account {
	standing := h.accounts.StandingNow(a)
	return &postwrightv1.Account{
		Id: a.ID.String(), Urn: a.URN, DisplayName: a.DisplayName, Scopes: a.Scopes,
		TokenExpireTime: timestamp(standing.Ends), Default: a.IsDefault, CreateTime: timestamppb.New(a.CreatedAt),
		PausedReason: standing.Paused, HoldTime: timestamp(standing.Held), HoldReason: standing.HeldFor,
		RenewableUntilTime: timestamp(standing.RenewedUntil), TokenExpireTimeAssumed: standing.EndsAssumed, App: a.App,
	}
}
