package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThePoliciesAreShownAsTheyAreSet(t *testing.T) {
	t.Parallel()
	set := []string{
		"policies",
		"--outbound-attempts=4",
		"--outbound-breaker-delay=90s",
		"--outbound-policy=linkedin.getPost=timeout:5s,hedge:1s;linkedin.getPerson=attempts:1",
	}
	code, out, errOut := postwright(t, set...)
	require.Zero(t, code, errOut)
	require.Regexp(t, `(?m)^linkedin +createPost +30s +40s +1 +never +-$`, out)
	require.Regexp(t, `(?m)^linkedin +getPost +5s +40s +4 +always +1s$`, out)
	require.Regexp(t, `(?m)^linkedin +getPerson +30s +40s +1 +always +-$`, out)
	require.Regexp(t, `(?m)^notification +sendEmail +30s +40s +4 +if it had no effect +-$`, out)
	require.Contains(t, out, "A host that fails 5 times in a row is left alone for 1m30s.")

	code, out, errOut = postwright(t, append(set, "--json")...)
	require.Zero(t, code, errOut)
	var table struct{ Policies []shownPolicy }
	require.NoError(t, json.Unmarshal([]byte(out), &table))
	require.Contains(t, table.Policies, shownPolicy{
		Vendor: "linkedin", Operation: "getPost", Timeout: "5s", Budget: "40s", Attempts: 4, Repeat: "always", Hedge: "1s",
	})
}

func TestPoliciesThatCanNotWorkAreRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	wrong := []string{"--outbound-policy=linkedin.createPost=attempts:2;linkedin.nope=attempts:2", "--outbound-attempts=0"}
	for _, command := range [][]string{{"policies"}, {"serve", "--check", "--database-url=postgres://localhost/x"}} {
		code, _, errOut := postwright(t, append(command, wrong...)...)
		require.Equal(t, 2, code)
		for _, says := range []string{
			"--outbound-attempts must be a whole number from 1 to 10\n",
			"--outbound-policy linkedin.createPost attempts must be 1: it is never sent twice\n",
			"--outbound-policy linkedin.nope names no operation",
		} {
			require.Contains(t, errOut, says)
		}
	}
}
