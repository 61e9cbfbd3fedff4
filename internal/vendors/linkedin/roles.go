package linkedin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/postwright/postwright/gen/linkedin"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Role is what a member may do with a page.
type Role string

// The roles with which a member may post in a page's name (organization-access-control-by-role).
const (
	RoleAdministrator        Role = "ADMINISTRATOR"
	RoleContentAdministrator Role = "CONTENT_ADMINISTRATOR"
)

// OrganizationRole is a role that a member has at a page.
type OrganizationRole struct {
	Organization URN
	Role         Role
}

const (
	rolesAPage = 100
	maxRoles   = 2000 // of one member, of all kinds
)

// OrganizationRoles asks for the pages in whose name the token's member may post: every approved role that allows it, in
// LinkedIn's order. A member with two such roles at one page has two entries. Needs the scope rw_organization_admin or
// r_organization_admin.
func (c *Client) OrganizationRoles(ctx context.Context, token string) ([]OrganizationRole, error) {
	const operation = "findOrganizationAcls"
	var roles []OrganizationRole
	var illegible error // one of them takes none of the others away
	var before []linkedin.OrganizationAcl
	for start := 0; ; {
		// All roles are asked for and sorted out here: that is one call instead of one for each, and LinkedIn's own pages
		// spell one of them in two ways.
		resp, err := c.api.FindOrganizationAcls(outbound.WithOperation(ctx, operation),
			&linkedin.FindOrganizationAclsParams{LinkedInVersion: c.cfg.Version, XRestliProtocolVersion: protocolVersion},
			bearer(token), withQuery(fmt.Sprintf("q=roleAssignee&state=APPROVED&start=%d&count=%d", start, rolesAPage)))
		found, unreadable, err := answer.DecodeReadable[linkedin.OrganizationAcls](c.answer, operation, http.StatusOK, resp, err, listed...)
		if err != nil {
			return nil, err
		}
		if found.Elements == nil { // an empty list says that there are none; no list says nothing
			return nil, c.answer.Unusable(operation, resp, errors.New("the answer lacks elements"))
		}
		following := nextPage(found.Paging, unreadable == "", start, len(found.Elements), rolesAPage)
		if following == maybeMore && (len(found.Elements) == 0 || reflect.DeepEqual(found.Elements, before)) {
			following, found.Elements = noMore, nil // asked for once more, the list did not go on
		}
		before = found.Elements
		for _, element := range found.Elements {
			role, posts, err := postingRole(element)
			illegible = cmp.Or(illegible, err)
			if err == nil && posts {
				roles = append(roles, role)
			}
		}
		if following == noMore {
			if len(roles) == 0 && illegible != nil { // it is not said that there are none
				return nil, c.answer.Unusable(operation, resp, illegible)
			}
			return roles, nil
		}
		if start += holds(found.Paging, rolesAPage); start >= maxRoles {
			return nil, c.answer.Unusable(operation, resp, fmt.Errorf("more than %d roles", maxRoles))
		}
	}
}

// postingRole reads a role. posts is false for one with which its member may not post: another role, one that is not
// approved (what was asked for, but a role taken away must not pass for one held), and one at a showcase page, whose URN
// is of a kind that is no author here.
func postingRole(acl linkedin.OrganizationAcl) (role OrganizationRole, posts bool, err error) {
	switch deref(acl.Role) {
	case string(RoleAdministrator):
		role.Role = RoleAdministrator
	case string(RoleContentAdministrator), "CONTENT_ADMIN": // as posts-api spells it
		role.Role = RoleContentAdministrator
	default:
		return OrganizationRole{}, false, nil
	}
	page := cmp.Or(deref(acl.Organization), deref(acl.OrganizationTarget))
	if cmp.Or(deref(acl.State), "APPROVED") != "APPROVED" || strings.HasPrefix(page, "urn:li:organizationBrand:") {
		return OrganizationRole{}, false, nil
	}
	role.Organization, err = ParseURN(page)
	if err == nil && role.Organization.Kind() != KindOrganization {
		err = fmt.Errorf("%s is no page", page)
	}
	if err != nil {
		return OrganizationRole{}, false, fmt.Errorf("a role of %s: %w", role.Role, err)
	}
	return role, true, nil
}
