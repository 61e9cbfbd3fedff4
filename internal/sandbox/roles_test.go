package sandbox_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/sandbox"
)

func TestTheRolesOfAMember(t *testing.T) {
	t.Parallel()
	role := func(page, role string) map[string]any {
		return map[string]any{"organization": "urn:li:organization:" + page, "role": role, "roleAssignee": "urn:li:person:ada", "state": "APPROVED"}
	}
	w := newWorld(t)
	for name, c := range map[string]struct {
		query url.Values
		want  []any
	}{
		"all":               {nil, []any{role("5", "ADMINISTRATOR"), role("7", "CONTENT_ADMINISTRATOR")}},
		"administers":       {url.Values{"role": {"ADMINISTRATOR"}, "state": {"APPROVED"}}, []any{role("5", "ADMINISTRATOR")}},
		"makes the content": {url.Values{"role": {"CONTENT_ADMINISTRATOR"}}, []any{role("7", "CONTENT_ADMINISTRATOR")}},
		"analyses":          {url.Values{"role": {"ANALYST"}}, []any{}},
		"not yet approved":  {url.Values{"state": {"REQUESTED"}}, []any{}},
		"the second":        {url.Values{"start": {"1"}, "count": {"1"}}, []any{role("7", "CONTENT_ADMINISTRATOR")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.call(t, "GET", "/rest/organizationAcls?q=roleAssignee&"+c.query.Encode(), "")
			require.Equal(t, http.StatusOK, got.status, got.body)
			require.Equal(t, c.want, got.json(t)["elements"])
		})
	}
	require.Equal(t, http.StatusBadRequest, w.call(t, "GET", "/rest/organizationAcls?q=organization", "").status)
	require.Equal(t, http.StatusBadRequest, w.call(t, "GET", "/rest/organizationAcls?q=roleAssignee&count=101", "").status)
	got := w.call(t, "GET", "/rest/organizationAcls?q=roleAssignee", "", asBob)
	require.Equal(t, http.StatusForbidden, got.status)
	require.Equal(t, "Not enough permissions to access: organizationAcls.FINDER-roleAssignee.20260901", got.json(t)["message"])

	for _, scope := range []string{"rw_organization_admin", "r_organization_admin"} {
		w.box.AddMember(sandbox.Member{ID: scope, Token: scope, Scopes: []string{scope}})
		got := w.call(t, "GET", "/rest/organizationAcls?q=roleAssignee", "", with("Authorization", "Bearer "+scope))
		require.Equal(t, http.StatusOK, got.status, got.body)
	}
}
