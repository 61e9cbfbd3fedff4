package accounts

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/text"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// userInfoWaits are the pauses before LinkedIn is asked again who the member is: right after the exchange of a code it may
// refuse the new token for moments (omniauth-linkedin-oauth2#17).
var userInfoWaits = []time.Duration{300 * time.Millisecond, time.Second, 3 * time.Second}

// author asks LinkedIn in whose name posts with the token go out: the member's, or that of a page where the member may
// post.
func (s *Service) author(ctx context.Context, app App, token, organization string) (urn, name string, err error) {
	if organization != "" {
		urn := "urn:li:organization:" + organization
		roles, err := s.linkedIn.OrganizationRoles(ctx, token)
		if err != nil {
			return "", "", err
		}
		if !slices.ContainsFunc(roles, func(r linkedin.OrganizationRole) bool { return r.Organization.String() == urn }) {
			return "", "", fault.Newf(fault.Precondition, "LinkedIn names no role with which the member may post as the page %s.", organization).
				WithReason("NO_POSTING_ROLE")
		}
		return urn, "Page " + organization, nil
	}
	ask := s.linkedIn.UserInfo
	if app.ByMe {
		ask = s.linkedIn.Me
	}
	profile, err := ask(ctx, token)
	if err != nil {
		return "", "", err
	}
	member, err := linkedin.ParseURN("urn:li:person:" + profile.MemberID)
	if err != nil {
		return "", "", fault.New(fault.VendorUnavailable, "LinkedIn named the member in a form that can't be used.").WithCause(err)
	}
	return member.String(), nameOf(profile, member), nil
}

// longestName is how many characters of a name are kept.
const longestName = 200

// nameOf is what a member is called. Not every token, nor every member, has a name to tell, or one that can be seen.
func nameOf(profile linkedin.Profile, member linkedin.URN) string {
	for _, name := range []string{profile.Name, profile.GivenName + " " + profile.FamilyName} {
		if name = legible(name); text.Visible(name) {
			return name
		}
	}
	return member.String()
}

// legible is a name in one line, without what only acts on the text around it, and no longer than any name.
func legible(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.C, r) && r != '\u200c' && r != '\u200d': // the two joiners spell words in Indic and Persian names
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(name), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), longestName)]))
}
