package app

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/outbound"
)

// A call that nobody thought about must not be repeated by default, and none may be forgotten.
func TestEveryOperationOfEveryVendorHasAPolicy(t *testing.T) {
	t.Parallel()
	specs, err := filepath.Glob("../../specs/vendors/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, specs)
	var named, known []string
	for _, spec := range specs {
		text, err := os.ReadFile(spec)
		require.NoError(t, err)
		for _, match := range regexp.MustCompile(`operationId: (\w+)`).FindAllSubmatch(text, -1) {
			named = append(named, strings.TrimSuffix(filepath.Base(spec), ".yaml")+"."+string(match[1]))
		}
	}
	policies, faults := Defaults().Outbound.Policies()
	require.Empty(t, faults)
	for operation := range policies.Of {
		known = append(known, operation.String())
	}
	slices.Sort(named)
	slices.Sort(known)
	require.Equal(t, named, known)
}

func TestCreatesAreNeverRepeatedByTheSeam(t *testing.T) {
	t.Parallel()
	policies, faults := Defaults().Outbound.Policies()
	require.Empty(t, faults)
	for _, id := range []string{"createPost", "createUgcPost"} {
		policy := policies.Of[outbound.Operation{Vendor: "linkedin", ID: id}]
		require.Equal(t, outbound.Never, policy.Repeat)
		require.Equal(t, 1, policy.Attempts)
	}
}

func TestAPolicyIsSetForOneOperationAlone(t *testing.T) {
	t.Parallel()
	cfg := Defaults().Outbound
	cfg.Policy = []string{"linkedin.getPost=attempts:5, timeout:10s", " analysis.analyzeSentiment=budget:35s,hedge:2s"}
	policies, faults := cfg.Policies()
	require.Empty(t, faults)
	common := policies.Of[outbound.Operation{Vendor: "linkedin", ID: "getUserInfo"}]
	require.Equal(t, 3, common.Attempts)
	own := policies.Of[outbound.Operation{Vendor: "linkedin", ID: "getPost"}]
	require.Equal(t, 5, own.Attempts)
	require.Equal(t, 10*time.Second, own.Timeout)
	require.Equal(t, common.Budget, own.Budget)
	own = policies.Of[outbound.Operation{Vendor: "analysis", ID: "analyzeSentiment"}]
	require.Equal(t, 35*time.Second, own.Budget)
	require.Equal(t, 2*time.Second, own.Hedge)
}

// Every fault of every policy is named at once, each under the operation it is about.
func TestPoliciesThatCanNotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  string
		says []string
	}{
		"an attempt longer than the whole": {"linkedin.getPost=timeout:30s,budget:10s",
			[]string{"timeout must not be longer than budget: 30s and 10s"}},
		"negative":            {"linkedin.getPost=timeout:-1s", []string{"timeout must be more than 0"}},
		"no attempt at all":   {"linkedin.getPost=attempts:0", []string{"attempts must be 1 to 10"}},
		"a retry on a create": {"linkedin.createPost=attempts:2", []string{"attempts must be 1: it is never sent twice"}},
		"a hedge on a create": {"linkedin.createPost=hedge:1s",
			[]string{"hedge must be 0: it would be sent twice, which only what asks may be"}},
		"a hedge on a change": {"linkedin.updatePost=hedge:1s",
			[]string{"hedge must be 0: it would be sent twice, which only what asks may be"}},
		"a hedge on an e-mail": {"notification.sendEmail=hedge:1s",
			[]string{"hedge must be 0: it would be sent twice, which only what asks may be"}},
		"a hedge that comes too late": {"linkedin.getPost=hedge:30s", []string{"hedge must be shorter than timeout: 30s and 30s"}},
		"longer than a call":          {"linkedin.getPost=budget:2m", []string{"budget must be at most 40s: a call of the API has 45s"}},
		"an operation that is not there": {"linkedin.get=attempts:2",
			[]string{"names no operation: `postwright policies` lists them, such as linkedin.getPost"}},
		"a setting that is not there": {"linkedin.getPost=tries:2",
			[]string{`has the setting "tries": must be attempts, timeout, budget or hedge, such as attempts:5,timeout:10s`}},
		"nothing set": {"linkedin.getPost",
			[]string{`has the setting "": must be attempts, timeout, budget or hedge, such as attempts:5,timeout:10s`}},
		"values that are none, and one wrong": {"linkedin.getPost=attempts:x,budget:y,hedge:-1s",
			[]string{"has attempts:x: must be a whole number", "has budget:y: must be a time such as 10s", "hedge must not be negative"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Defaults().Outbound
			cfg.Policy = []string{c.set}
			_, faults := cfg.Policies()
			operation, _, _ := strings.Cut(c.set, "=")
			var said []string
			for _, f := range faults {
				require.Equal(t, "--outbound-policy "+operation, f.Path)
				said = append(said, f.Problem)
			}
			require.Equal(t, c.says, said)
		})
	}
}
