package linkedin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/postwright/postwright/gen/linkedin"
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
}

// UserInfo asks whose token it is (OpenID Connect). It is throttled per application and day: not for health checks.
func (c *Client) UserInfo(ctx context.Context, token string) (Profile, error) {
	const operation = "getUserInfo"
	resp, err := c.api.GetUserInfo(outbound.WithOperation(ctx, operation), bearer(token))
	found, err := answer.Decode[linkedin.UserInfo](c.answer, operation, http.StatusOK, resp, err)
	if err != nil {
		return Profile{}, err
	}
	if deref(found.Sub) == "" {
		return Profile{}, c.answer.Unusable(operation, errors.New("the answer lacks sub"))
	}
	return Profile{
		MemberID: deref(found.Sub), Name: deref(found.Name), GivenName: deref(found.GivenName), FamilyName: deref(found.FamilyName),
		PictureURL: deref(found.Picture), Locale: locale(found.Locale), Email: deref(found.Email),
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

// Person asks who a member is, with a token that may read profiles.
func (c *Client) Person(ctx context.Context, token, id string) (Profile, error) {
	const operation = "getPerson"
	resp, err := c.api.GetPerson(outbound.WithOperation(ctx, operation), id,
		&linkedin.GetPersonParams{XRestliProtocolVersion: protocolVersion},
		bearer(token), withLastSegment("(id:"+url.QueryEscape(id)+")"))
	found, err := answer.Decode[linkedin.Person](c.answer, operation, http.StatusOK, resp, err)
	if err != nil {
		return Profile{}, err
	}
	if deref(found.Id) == "" {
		return Profile{}, c.answer.Unusable(operation, errors.New("the answer lacks id"))
	}
	given, family := deref(found.LocalizedFirstName), deref(found.LocalizedLastName)
	return Profile{MemberID: deref(found.Id), Name: strings.TrimSpace(given + " " + family), GivenName: given, FamilyName: family}, nil
}
