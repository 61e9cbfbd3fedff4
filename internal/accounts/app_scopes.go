package accounts

import (
	"errors"
	"slices"

	"github.com/postwright/postwright/internal/spelling"
)

// knownScopes are LinkedIn's, by its pages on access, post statistics, increased access and reactions, and those that apps from
// before may have.
var knownScopes = []string{
	"openid",
	"profile",
	"email",
	"w_member_social",
	"r_member_social",
	"r_liteprofile",
	"r_emailaddress",
	"r_basicprofile",
	"r_1st_connections_size",
	"r_member_postAnalytics",
	"r_member_profileAnalytics",
	"r_organization_social",
	"w_organization_social",
	"r_organization_admin",
	"rw_organization_admin",
	"w_member_social_feed",
	"r_member_social_feed",
	"w_organization_social_feed",
	"r_organization_social_feed",
}

// communityScopes come with LinkedIn's Community Management API alone.
var communityScopes = []string{
	"w_organization_social",
	"r_organization_social",
	"rw_organization_admin",
	"r_organization_admin",
	"r_member_postAnalytics",
	"r_basicprofile",
}

// UnknownScope is one that LinkedIn probably does not have.
type UnknownScope struct {
	Name  string
	Meant string // the one that was probably meant; "" for none
}

// UnknownScopes are those of the app's that LinkedIn probably does not have: one that is misspelt ends every consent with an error.
// LinkedIn may have made new ones, so it is no fault.
func (a App) UnknownScopes() (unknown []UnknownScope) {
	for _, scope := range a.Scopes {
		if !slices.Contains(knownScopes, scope) {
			unknown = append(unknown, UnknownScope{Name: scope, Meant: spelling.Nearest(scope, knownScopes)})
		}
	}
	return unknown
}

// RefusedWithOpenID is a scope of the app's that LinkedIn gives to no app that asks for openid, as this one does: a self-serve
// product and the Community Management API are for an app each. Apps that were granted both long ago may have
// them, so it is no fault.
func (a App) RefusedWithOpenID() (scope string, refused bool) {
	community := slices.IndexFunc(a.Scopes, func(scope string) bool { return slices.Contains(communityScopes, scope) })
	if community < 0 || !slices.Contains(a.Scopes, "openid") {
		return "", false
	}
	return a.Scopes[community], true
}

// CannotIdentify says what the app's scopes lack for it to find out who a member is, or nil. The default app may lack
// openid, as it could before there were others.
func (a App) CannotIdentify() error {
	switch {
	case !a.Members:
		return nil
	case a.ByMe && !slices.Contains(a.Scopes, "r_basicprofile"):
		return errors.New("must hold r_basicprofile: without it /v2/me does not say who a member is")
	case !a.ByMe && a.Name != DefaultApp && !slices.Contains(a.Scopes, "openid"):
		return errors.New("must hold openid, so that userinfo says who a member is; or set identity to me, with r_basicprofile")
	}
	return nil
}
