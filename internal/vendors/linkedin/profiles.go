package linkedin

import (
	"context"
	"net/http"
	"strings"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Profile is who a member is.
type Profile struct {
	MemberID   string // different for every LinkedIn app
	Name       string
	GivenName  string
	FamilyName string
	PictureURL string // signed and short-lived
	Locale     string // as in en-US
	Email      string // "" without the scope email
	// EmailVerified is whether LinkedIn has seen that the member owns Email.
	EmailVerified bool
}

// UserInfo asks whose token it is (OpenID Connect). It is throttled per application and day: not for health checks.
func (c *Client) UserInfo(ctx context.Context, token string) (Profile, error) {
	const operation = "getUserInfo"
	resp, err := c.api.GetUserInfo(outbound.WithOperation(ctx, operation), bearer(token))
	found, err := answer.Decode[linkedin.UserInfo](c.answer, operation, http.StatusOK, resp, err, "sub")
	if err != nil {
		return Profile{}, err
	}
	if _, err := person(deref(found.Sub)); err != nil {
		return Profile{}, c.answer.Unusable(operation, resp, err)
	}
	return Profile{
		MemberID: deref(found.Sub), Name: deref(found.Name), GivenName: deref(found.GivenName), FamilyName: deref(found.FamilyName),
		PictureURL: deref(found.Picture), Locale: locale(found.Locale), Email: deref(found.Email),
		EmailVerified: deref(found.EmailVerified),
	}, nil
}

// locale reads both forms that LinkedIn uses: {"country":"US","language":"en"} and "en_US".
func locale(value any) string {
	switch v := value.(type) {
	case string:
		return strings.ReplaceAll(v, "_", "-")
	case map[string]any:
		language, _ := v["language"].(string)
		country, _ := v["country"].(string)
		if country == "" {
			return language
		}
		return language + "-" + country
	}
	return ""
}

// person is the URN of a member's id.
func person(id string) (URN, error) { return ParseURN("urn:li:" + string(KindPerson) + ":" + id) }

// Me asks who the token's member is, with a token that has r_basicprofile. LinkedIn refuses `openid`, which UserInfo needs, to
// apps that have the Community Management API.
func (c *Client) Me(ctx context.Context, token string) (Profile, error) {
	const operation = "getMe"
	resp, err := c.api.GetMe(outbound.WithOperation(ctx, operation), &linkedin.GetMeParams{XRestliProtocolVersion: protocolVersion}, bearer(token))
	return c.profile(operation, resp, err)
}

// Person asks who a member is, with a token that may read profiles.
func (c *Client) Person(ctx context.Context, token, id string) (Profile, error) {
	urn, err := person(id)
	if err != nil {
		return Profile{}, fault.New(fault.Invalid, "The member's id is not one of LinkedIn's.").WithCause(err)
	}
	const operation = "getPerson"
	resp, err := c.api.GetPerson(outbound.WithOperation(ctx, operation), id,
		&linkedin.GetPersonParams{XRestliProtocolVersion: protocolVersion},
		bearer(token), withLastSegment("(id:"+urn.ID()+")"))
	return c.profile(operation, resp, err)
}

// profile reads an answer of the profile API.
func (c *Client) profile(operation string, resp *http.Response, err error) (Profile, error) {
	found, err := answer.Decode[linkedin.Person](c.answer, operation, http.StatusOK, resp, err, "id")
	if err != nil {
		return Profile{}, err
	}
	if _, err := person(deref(found.Id)); err != nil {
		return Profile{}, c.answer.Unusable(operation, resp, err)
	}
	given, family := deref(found.LocalizedFirstName), deref(found.LocalizedLastName)
	return Profile{MemberID: deref(found.Id), Name: strings.TrimSpace(given + " " + family), GivenName: given, FamilyName: family}, nil
}
