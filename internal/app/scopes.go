package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postwright/postwright/internal/spelling"
	"github.com/postwright/postwright/internal/status"
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

// unknownScopes says which scopes LinkedIn probably does not have: one that is misspelt ends every consent with an error.
// LinkedIn may have made new ones, so it is no fault.
func (c LinkedInConfig) unknownScopes() []status.Check {
	var checks []status.Check
	for _, app := range c.apps() {
		var unknown []string
		for _, scope := range app.Scopes {
			if slices.Contains(knownScopes, scope) {
				continue
			}
			words := strconv.Quote(scope)
			if near := spelling.Nearest(scope, knownScopes); near != "" {
				words += " (did you mean " + near + "?)"
			}
			unknown = append(unknown, words)
		}
		if len(unknown) > 0 {
			checks = append(checks, status.Check{
				Name:  "names of the scopes of the LinkedIn app " + app.Name,
				State: status.Warning,
				Detail: fmt.Sprintf(
					"It asks for %s, which Postwright does not know: if LinkedIn does not either, it refuses every consent.",
					strings.Join(unknown, ", "),
				),
				Remedy: "Compare with the scopes on the app's page at LinkedIn, under Auth.",
			})
		}
	}
	return checks
}
