package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/vendors/webpush"
)

func TestVapidKeysBelongTogether(t *testing.T) {
	t.Parallel()
	code, out, errOut := postwright(t, "vapid-keys")
	require.Zero(t, code, errOut)
	require.Regexp(t, `^POSTWRIGHT_WEBPUSH_PRIVATE_KEY=[\w-]{43}\n# The public key, with which browsers subscribe: [\w-]{87}\n$`, out)
	private := out[len("POSTWRIGHT_WEBPUSH_PRIVATE_KEY=") : len("POSTWRIGHT_WEBPUSH_PRIVATE_KEY=")+43]
	public, err := webpush.Public(private)
	require.NoError(t, err)
	require.Contains(t, out, public)
	_, another, _ := postwright(t, "vapid-keys")
	require.NotEqual(t, out, another)
}
