package decision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

func TestWhatLinkedInIsKnownToRefuseAnAccountFor(t *testing.T) {
	t.Parallel()
	ended := noon.Add(-time.Minute)
	for name, c := range map[string]struct {
		standing accounts.Standing
		codes    []string
		waits    bool
	}{
		"nothing":                             {},
		"its token has ended":                 {accounts.Standing{Ends: &ended}, []string{"EXPIRED_ACCESS_TOKEN"}, true},
		"its token ended, and it is paused":   {accounts.Standing{Ends: &ended, Paused: "EXPIRED_ACCESS_TOKEN"}, nil, false}, // the obstacle says so
		"its token has ended, nobody is sure": {accounts.Standing{Ends: &ended, EndsAssumed: true}, nil, false},
		"its token lacks the scope to publish": {
			accounts.Standing{CannotPublish: &accounts.Problem{Message: "It lacks w_member_social."}}, []string{"SCOPE_MISSING"}, false,
		},
	} {
		var codes []string
		for _, v := range decision.AccountVerdicts("Tess Ter", c.standing, noon) {
			codes = append(codes, v.Code)
			require.Equal(t, c.waits, v.Waits, name)
		}
		require.Equal(t, c.codes, codes, name)
	}
}
