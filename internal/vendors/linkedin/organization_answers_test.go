package linkedin_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/vendors/answer/answertest"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

func TestOrganizationRoles(t *testing.T) {
	t.Parallel()
	roles := func(elements string) string {
		return `{"elements":[` + elements + `],"paging":{"start":0,"count":100,"links":[]}}`
	}
	tests := map[string]struct {
		body string
		want []linkedin.OrganizationRole
		bad  bool
	}{
		"administrators and content administrators, nobody else": {
			roles(`{"organization":"urn:li:organization:5","role":"ADMINISTRATOR","roleAssignee":"urn:li:person:ada","state":"APPROVED"},
				{"organization":"urn:li:organization:6","role":"CONTENT_ADMINISTRATOR","state":"APPROVED"},
				{"organizationTarget":"urn:li:organization:7","role":"CONTENT_ADMIN"},
				{"organization":"urn:li:organization:8","role":"ANALYST","state":"APPROVED"},
				{"organization":"urn:li:organization:9","role":"DIRECT_SPONSORED_CONTENT_POSTER","state":"APPROVED"},
				{"organization":"urn:li:organization:10"}`),
			[]linkedin.OrganizationRole{
				{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator},
				{Organization: urn(t, "urn:li:organization:6"), Role: linkedin.RoleContentAdministrator},
				{Organization: urn(t, "urn:li:organization:7"), Role: linkedin.RoleContentAdministrator},
			}, false,
		},
		"not what is only asked for, or was taken away": {
			roles(`{"organization":"urn:li:organization:5","role":"ADMINISTRATOR","state":"REQUESTED"},
				{"organization":"urn:li:organization:6","role":"ADMINISTRATOR","state":"REVOKED"}`), nil, false,
		},
		"not a showcase page": {roles(`{"organization":"urn:li:organizationBrand:5","role":"ADMINISTRATOR","state":"APPROVED"}`), nil, false},
		"none":                {`{"elements":[]}`, nil, false},
		"nothing said":        {`{}`, nil, true},
		"null":                {`{"elements":null}`, nil, true},
		"one that can't be read takes no other away": {
			roles(
				`{"role":"ADMINISTRATOR"},{"organization":{"id":7},"role":"ADMINISTRATOR"},` +
					`{"organization":"urn:li:organization:5","role":"ADMINISTRATOR"},{"organization":"urn:li:school:7","role":"ADMINISTRATOR"}`,
			),
			[]linkedin.OrganizationRole{{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator}},
			false,
		},
		"a role at nothing":         {roles(`{"role":"ADMINISTRATOR","state":"APPROVED"}`), nil, true},
		"a role at no URN":          {roles(`{"organization":"5","role":"ADMINISTRATOR","state":"APPROVED"}`), nil, true},
		"a role at what is no page": {roles(`{"organization":"urn:li:person:ada","role":"ADMINISTRATOR","state":"APPROVED"}`), nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, err := client.OrganizationRoles(t.Context(), token)
			require.Equal(t, test.want, got)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

// LinkedIn also leaves roles out of a page: an empty one is not the end when it speaks of a next.
func TestRolesOnLaterPagesAreFound(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("start"))
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Query().Get("start") {
		case "0":
			_, _ = io.WriteString(w, `{"elements":[],"paging":{"links":[{"rel":"next","href":"/rest/organizationAcls"}]}}`)
		case "100":
			_, _ = io.WriteString(w, `{"elements":[`+strings.Repeat(`{"organization":"urn:li:organization:4","role":"ANALYST"},`, 99)+
				`{"organization":"urn:li:organization:5","role":"ADMINISTRATOR"}]}`)
		case "200":
			_, _ = io.WriteString(w, `{"elements":[{"organization":"urn:li:organization:6","role":"ADMINISTRATOR"}],"paging":{"total":201}}`)
		}
	}))
	t.Cleanup(server.Close)
	client, err := linkedin.New(configFor(server.URL), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	got, err := client.OrganizationRoles(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []linkedin.OrganizationRole{
		{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator},
		{Organization: urn(t, "urn:li:organization:6"), Role: linkedin.RoleAdministrator},
	}, got)
	require.Equal(t, []string{"0", "100", "200"}, asked)
}

// LinkedIn may give fewer at once than were asked for: those between its pages and ours were passed over.
func TestRolesOnPagesThatHoldFewerAreFound(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("start"))
		w.Header().Set("Content-Type", "application/json")
		elements := map[string]string{
			"0": `{"organization":"urn:li:organization:5","role":"ADMINISTRATOR"},{"organization":"urn:li:organization:4","role":"ANALYST"}`,
			"2": `{"organization":"urn:li:organization:6","role":"ADMINISTRATOR"}`,
		}
		_, _ = io.WriteString(w, `{"elements":[`+elements[r.URL.Query().Get("start")]+`],"paging":{"count":2,"links":[]}}`)
	}))
	t.Cleanup(server.Close)
	client, err := linkedin.New(configFor(server.URL), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	got, err := client.OrganizationRoles(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []linkedin.OrganizationRole{
		{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator},
		{Organization: urn(t, "urn:li:organization:6"), Role: linkedin.RoleAdministrator},
	}, got)
	require.Equal(t, []string{"0", "2"}, asked)
}

// A member's roles were all lost when LinkedIn's word of the next page could not be read.
func TestRolesAreAskedForUntilNoneComeWhenPagingCannotBeRead(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := r.URL.Query().Get("start")
		asked = append(asked, start)
		w.Header().Set("Content-Type", "application/json")
		elements := map[string]string{
			"0":   `{"organization":"urn:li:organization:5","role":"ADMINISTRATOR"}`,
			"100": `{"organization":"urn:li:organization:6","role":"ADMINISTRATOR"}`,
		}
		_, _ = io.WriteString(w, `{"elements":[`+elements[start]+`],"paging":{"links":{}}}`)
	}))
	t.Cleanup(server.Close)
	client, err := linkedin.New(configFor(server.URL), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	got, err := client.OrganizationRoles(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []linkedin.OrganizationRole{
		{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator},
		{Organization: urn(t, "urn:li:organization:6"), Role: linkedin.RoleAdministrator},
	}, got)
	require.Equal(t, []string{"0", "100", "200"}, asked)
}

func TestRolesWithoutEndAreGivenUp(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"elements":[],"paging":{"links":[{"rel":"next"}]}}`)
	}))
	t.Cleanup(server.Close)
	client, err := linkedin.New(configFor(server.URL), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	_, err = client.OrganizationRoles(t.Context(), token)
	requireBadAnswer(t, err)
	require.Equal(t, int32(20), asked.Load())
}
