package notify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/fault"
)

// Users and messages had two rules for addresses: one made user@münchen.de, the other refused to write to it.
func TestAnAddressOfAnyScriptIsOneAddressEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Notification.Allow = []string{"@例え.jp"} })
	w.Serve()
	key := w.User("User+posts@münchen.de")
	for _, to := range []string{"User+posts@münchen.de", "user+POSTS@MÜNCHEN.de", "user+posts@xn--mnchen-3ya.de"} {
		require.Equal(t, 200, w.email(key, to, "To myself").Status, to)
	}
	require.Equal(t, 200, w.email(key, "ada@例え.jp", "To whom the operator allows").Status)
	for i, n := range w.Vendors.Notifications() {
		want := "User+posts@xn--mnchen-3ya.de"
		if i == 3 {
			want = "ada@xn--r8jz45g.jp"
		}
		require.Equal(t, want, n.Recipient)
	}
	_, err := w.App.Identity.CreateUser(t.Context(), "user+posts@xn--mnchen-3ya.de", "")
	require.Equal(t, fault.Conflict, fault.Of(err).Kind, "the same address in another spelling")
	user, err := w.App.Identity.UserByEmail(t.Context(), "USER+posts@MÜNCHEN.DE")
	require.NoError(t, err)
	require.Equal(t, "User+posts@münchen.de", user.Email, "as it was given")
	_, err = w.App.Identity.CreateUser(t.Context(), "jörg@example.org", "")
	require.ErrorContains(t, err, "before the @")
	require.Equal(t, 400, w.email(key, "jörg@example.org", "Refused alike").Status)
}
