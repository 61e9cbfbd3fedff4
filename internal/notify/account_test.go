package notify

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
)

func TestWhatAnAccountNeedsOfItsOwner(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := func(days int) *time.Time { at := now.AddDate(0, 0, days); return &at }
	for name, c := range map[string]struct {
		standing accounts.Standing
		due      bool
		subject  string
	}{
		"it is paused":                 {accounts.Standing{Paused: "REVOKED_ACCESS_TOKEN", Ends: in(3)}, true, "LinkedIn does not accept Ada any more"},
		"nobody knows its end":         {accounts.Standing{}, false, ""},
		"its token ends":               {accounts.Standing{Ends: in(3)}, true, "Ada must be connected again within 4 days"},
		"its renewal has failed":       {accounts.Standing{Ends: in(3), RenewalFailed: true}, true, "Ada must be connected again within 4 days"},
		"its token has been renewed":   {accounts.Standing{Ends: in(60), RenewedUntil: in(365)}, false, ""},
		"it will be renewed by itself": {accounts.Standing{Ends: in(7), RenewedUntil: in(365)}, false, ""},
	} {
		about, due := describeAccount("Ada", c.standing, 0, now)
		require.Equal(t, c.due, due, name)
		if due {
			m, err := write(TokenExpiring, about)
			require.NoError(t, err)
			require.Equal(t, c.subject, m.Subject, name)
		}
	}
}
