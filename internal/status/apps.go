package status

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/postwright/postwright/internal/accounts"
)

// AppScopes checks the scopes that each LinkedIn app asks members for: whether LinkedIn gives them to one app together, and whether
// it has them at all.
func AppScopes(apps []accounts.App) (checks []Check) {
	for _, app := range apps {
		if scope, refused := app.RefusedWithOpenID(); refused {
			checks = append(checks, Check{
				Name: "scopes of the LinkedIn app " + app.Name, State: Warning,
				Detail: fmt.Sprintf("It asks for openid and %s together. LinkedIn gives the Community Management API only to an app "+
					"without other products, which refuses openid.", scope),
				Remedy: "Set up two apps: see --linkedin-apps-file.",
			})
		}
	}
	for _, app := range apps {
		var unknown []string
		for _, scope := range app.UnknownScopes() {
			words := strconv.Quote(scope.Name)
			if scope.Meant != "" {
				words += " (did you mean " + scope.Meant + "?)"
			}
			unknown = append(unknown, words)
		}
		if len(unknown) > 0 {
			checks = append(checks, Check{
				Name: "names of the scopes of the LinkedIn app " + app.Name, State: Warning,
				Detail: fmt.Sprintf("It asks for %s, which Postwright does not know: if LinkedIn does not either, it refuses every consent.",
					strings.Join(unknown, ", ")),
				Remedy: "Compare with the scopes on the app's page at LinkedIn, under Auth.",
			})
		}
	}
	return checks
}
