package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/identity"
)

type accountHandler struct{ accounts *accounts.Service }

var _ postwrightv1connect.AccountServiceHandler = accountHandler{}

func (h accountHandler) ListAccounts(ctx context.Context, _ *postwrightv1.ListAccountsRequest) (*postwrightv1.ListAccountsResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.accounts.List(ctx, caller)
	if err != nil {
		return nil, err
	}
	res := &postwrightv1.ListAccountsResponse{}
	for _, a := range list {
		res.Accounts = append(res.Accounts, &postwrightv1.Account{
			Id: a.ID.String(), Urn: a.URN, DisplayName: a.DisplayName, Scopes: a.Scopes,
			TokenExpireTime: timestamp(a.TokenExpiresAt), Default: a.IsDefault, CreateTime: timestamppb.New(a.CreatedAt),
			PausedReason: a.PausedReason, HoldTime: timestamp(a.HeldUntil), HoldReason: a.HeldReason,
			RenewableUntilTime: timestamp(h.accounts.RenewedUntil(a)), TokenExpireTimeAssumed: a.TokenExpiryAssumed, App: a.App,
		})
	}
	return res, nil
}

func (h accountHandler) ConnectAccount(ctx context.Context, req *postwrightv1.ConnectAccountRequest) (*postwrightv1.ConnectAccountResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	consent, err := h.accounts.Connect(ctx, caller, req.GetOrganizationId(), req.GetApp())
	if err != nil {
		return nil, err
	}
	return &postwrightv1.ConnectAccountResponse{AuthorizationUrl: consent.URL, ExpireTime: timestamppb.New(consent.Expires), Warnings: consent.Warnings}, nil
}

func (h accountHandler) DisconnectAccount(ctx context.Context, req *postwrightv1.DisconnectAccountRequest) (*postwrightv1.DisconnectAccountResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.accounts.Disconnect(ctx, caller, parsed(req.GetAccountId())); err != nil {
		return nil, err
	}
	return &postwrightv1.DisconnectAccountResponse{}, nil
}

func (h accountHandler) GetProfile(ctx context.Context, req *postwrightv1.GetProfileRequest) (*postwrightv1.GetProfileResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	p, err := h.accounts.Profile(ctx, caller, optional(req.GetAccountId()))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.GetProfileResponse{
		MemberId: p.MemberID, Name: p.Name, GivenName: p.GivenName, FamilyName: p.FamilyName,
		PictureUrl: p.PictureURL, Locale: p.Locale, Email: p.Email,
	}, nil
}
