package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// DefaultApp is the name of the LinkedIn app that is set by flags of its own.
const DefaultApp = "default"

// App is a LinkedIn app that members consent to. LinkedIn gives the Community Management API only to an app that has no other
// product, and refuses such an app `openid`: so members and pages may need an app each. A token, and the id that LinkedIn
// gives a member, belong to one app.
type App struct {
	// Name is how accounts remember it; it must not change while there are any.
	Name string
	// API is LinkedIn's OAuth, called as this app.
	API OAuth
	// Configured is whether the app has a client id and secret, without which LinkedIn can't be asked for consents and about
	// tokens.
	Configured bool
	// Scopes are asked for at every consent, all of them: see linkedin.AuthorizationURL.
	Scopes []string
	// Members and Pages say whose accounts the app is for.
	Members, Pages bool
	// ByMe asks /v2/me who a member is, which needs r_basicprofile, instead of OpenID Connect's userinfo.
	ByMe bool
}

// OAuth is what an app asks of LinkedIn in its own name.
type OAuth interface {
	Introspect(ctx context.Context, token string) (linkedin.Introspection, error)
	AuthorizationURL(state, redirectURI string, scopes []string) (string, error)
	ExchangeCode(ctx context.Context, code, redirectURI string) (linkedin.Token, error)
	RefreshToken(ctx context.Context, refreshToken string) (linkedin.Token, error)
}

// SettingsOf says where an app is set up, for remedies.
func SettingsOf(app string) linkedin.AppSettings {
	if app == DefaultApp {
		return linkedin.SettingsByFlags
	}
	where := fmt.Sprintf(" of the app %q in --linkedin-apps-file", app)
	return linkedin.AppSettings{App: "clientId and clientSecret" + where, Scopes: "scopes" + where}
}

// nameIn tells an app from others in a sentence: the default one is the only one that most have.
func nameIn(app string) string {
	if app == DefaultApp {
		return "the LinkedIn app"
	}
	return fmt.Sprintf("the LinkedIn app %q", app)
}

// serves reports whether the app is for accounts of a kind: pages, or members.
func (a App) serves(page bool) bool { return page && a.Pages || !page && a.Members }

// candidates are the apps that an account may be connected with: the one that is named, or those for its kind, first those that
// can ask LinkedIn for something.
func (s *Service) candidates(name string, page bool) ([]App, error) {
	kind := map[bool]string{true: "pages", false: "members"}[page]
	if name != "" {
		app, err := s.app(name)
		if err == nil && !app.serves(page) {
			err = fault.Fields(
				fault.Field{Path: "app", Problem: fmt.Sprintf("is %q, which is not for %s: leave it out, or name one of %s", name, kind, s.names(page))},
			)
		}
		return []App{app}, err
	}
	var able, others []App
	for _, app := range s.settings.Apps {
		switch {
		case !app.serves(page):
		case app.Configured:
			able = append(able, app)
		default:
			others = append(others, app)
		}
	}
	if all := slices.Concat(able, others); len(all) > 0 {
		return all, nil
	}
	return nil, fault.Newf(
		fault.Precondition,
		"No LinkedIn app is set up for %s: see --linkedin-app-accounts and --linkedin-apps-file.",
		kind,
	).WithReason("NO_LINKEDIN_APP")
}

// app is the one with a name; one that is not set up is an Invalid fault.
func (s *Service) app(name string) (App, error) {
	for _, app := range s.settings.Apps {
		if app.Name == name {
			return app, nil
		}
	}
	return App{}, fault.Fields(
		fault.Field{Path: "app", Problem: fmt.Sprintf("is %q, and there is no such LinkedIn app: there are %s", name, s.names(true, false))},
	)
}

func (s *Service) names(pages ...bool) string {
	var names []string
	for _, app := range s.settings.Apps {
		if slices.ContainsFunc(pages, app.serves) {
			names = append(names, app.Name)
		}
	}
	return strings.Join(names, ", ")
}

// WantedScopes are the scopes that members are asked for by the app of an account; none when the app is gone.
func (s *Service) WantedScopes(account Account) []string {
	app, err := s.app(account.App)
	if err != nil {
		return nil
	}
	return app.Scopes
}

// endangered names the owner's accounts whose tokens a consent to the app may end: LinkedIn ends a member's earlier tokens of an
// app when it asks for another set of scopes (token introspection). Whose tokens they are, and what was asked for then, is not
// kept, so what LinkedIn gave is compared with what is asked for.
func (s *Service) endangered(ctx context.Context, ownerID uuid.UUID, app App) ([]string, error) {
	list, err := s.List(ctx, ownerID)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, account := range list {
		if account.App == app.Name && ScopesDiffer(account, app.Scopes) {
			names = append(names, account.DisplayName)
		}
	}
	return names, nil
}

// ScopesDiffer reports whether an account is known to have other scopes than those that members are asked for now.
func ScopesDiffer(account Account, wanted []string) bool {
	if len(account.Scopes) == 0 {
		return false
	}
	now, then := slices.Clone(wanted), slices.Clone(account.Scopes)
	slices.Sort(now)
	slices.Sort(then)
	return !slices.Equal(slices.Compact(now), slices.Compact(then))
}
