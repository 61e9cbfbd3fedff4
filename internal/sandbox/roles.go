package sandbox

import (
	"context"

	"github.com/postwright/postwright/gen/linkedin"
)

// FindOrganizationAcls implements the finder "roleAssignee": the roles of the token's member, all of them approved.
func (s linkedInServer) FindOrganizationAcls(
	ctx context.Context, r linkedin.FindOrganizationAclsRequestObject,
) (linkedin.FindOrganizationAclsResponseObject, error) {
	if r.Params.Q != "roleAssignee" {
		return nil, invalidParam
	}
	req := requestOf(ctx)
	assignee, approved := "urn:li:person:"+req.member.ID, "APPROVED"
	roles := []linkedin.OrganizationAcl{}
	list := func(role string, pages []string) {
		if (r.Params.Role != nil && *r.Params.Role != role) || (r.Params.State != nil && *r.Params.State != approved) {
			return
		}
		for _, id := range pages {
			page := "urn:li:organization:" + id
			roles = append(roles, linkedin.OrganizationAcl{Organization: &page, Role: &role, RoleAssignee: &assignee, State: &approved})
		}
	}
	list("ADMINISTRATOR", req.member.Organizations)
	list("CONTENT_ADMINISTRATOR", req.member.ContentOrganizations)
	page, paging, err := pageOf(roles, req.url, r.Params.Start, r.Params.Count)
	if err != nil {
		return nil, err
	}
	return linkedin.FindOrganizationAcls200JSONResponse{Elements: page, Paging: paging}, nil
}
