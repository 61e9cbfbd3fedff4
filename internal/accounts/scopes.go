package accounts

import (
	"fmt"
	"slices"

	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// scopeToPublish is the scope that an account's token needs to publish.
func scopeToPublish(account Account) string {
	urn, err := linkedin.ParseURN(account.URN)
	return publishScope(err == nil && urn.Kind() == linkedin.KindOrganization)
}

// publishScope is the scope to publish as a page, or as a member.
func publishScope(page bool) string {
	if page {
		return "w_organization_social"
	}
	return "w_member_social"
}

// missingScopes says what an account of a kind could not do after a consent to the scopes, and what to do; nothing when all is
// there.
func missingScopes(app App, page bool) (warnings []string) {
	if scope := publishScope(page); !slices.Contains(app.Scopes, scope) {
		warnings = append(
			warnings,
			fmt.Sprintf("Members are not asked for the scope %s, without which the account can't publish: add the product %s to the LinkedIn app %q, "+
				"and the scope to %s.", scope, products[scope], app.Name, SettingsOf(app.Name).Scopes),
		)
	}
	if page && !slices.Contains(app.Scopes, "rw_organization_admin") && !slices.Contains(app.Scopes, "r_organization_admin") {
		warnings = append(
			warnings,
			fmt.Sprintf("Members are not asked for the scope rw_organization_admin or r_organization_admin, without which LinkedIn does not say for which "+
				"pages they may post, and the page can't be connected: add one to %s.", SettingsOf(app.Name).Scopes),
		)
	}
	return warnings
}

// products are those of a LinkedIn app that bring a scope (LinkedIn: getting access).
var products = map[string]string{
	"w_member_social":       "Share on LinkedIn",
	"w_organization_social": "Community Management API",
}

// cannotPublish is Standing's CannotPublish.
func cannotPublish(account Account) *Problem {
	scope := scopeToPublish(account)
	if account.disconnectedAt != nil || len(account.Scopes) == 0 || slices.Contains(account.Scopes, scope) {
		return nil
	}
	return &Problem{
		Message: fmt.Sprintf("The account %s may not publish: its token lacks the scope %s.", account.DisplayName, scope),
		Remedy: fmt.Sprintf("Add the product %s to %s, have %s among %s, and connect the account again.",
			products[scope], nameIn(account.App), scope, SettingsOf(account.App).Scopes),
	}
}

// mayRead is Standing's MayRead. What a token may is not always known; of a page's it is worth asking.
func mayRead(account Account) bool {
	urn, err := linkedin.ParseURN(account.URN)
	if err != nil {
		return false
	}
	if urn.Kind() == linkedin.KindOrganization {
		return len(account.Scopes) == 0 || slices.Contains(account.Scopes, "r_organization_social")
	}
	return slices.Contains(account.Scopes, "r_member_social") // closed to new apps, so hardly any has it
}

// scopePurposes say what a scope is needed for.
var scopePurposes = map[string]string{
	"w_member_social":            "publishing as the member",
	"w_organization_social":      "publishing as the page",
	"r_member_postAnalytics":     "the numbers of the member's posts",
	"r_organization_social":      "reading the page's posts and numbers",
	"r_member_social":            "reading the member's posts",
	"openid":                     "the member's identity",
	"profile":                    "the member's name",
	"email":                      "the member's address",
	"rw_organization_admin":      "the numbers of the page",
	"r_organization_social_feed": "comments and reactions on the page's posts",
	"r_member_social_feed":       "comments and reactions on the member's posts",
}

// WithheldScopes names those of the wanted scopes that an account's token is known to lack, each with what it is for, but for the
// one to publish; none when nobody knows what the token may.
func WithheldScopes(account Account, wanted []string) (withheld []string) {
	for _, scope := range wanted {
		if len(account.Scopes) == 0 || slices.Contains(account.Scopes, scope) || scope == scopeToPublish(account) {
			continue
		}
		purpose, known := scopePurposes[scope]
		if !known {
			purpose = "asked for by " + SettingsOf(account.App).Scopes
		}
		withheld = append(withheld, scope+" ("+purpose+")")
	}
	return withheld
}
