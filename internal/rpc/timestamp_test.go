package rpc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One token's end after the year 9999 took the whole of ListAccounts with it.
func TestATimeThatCannotBeSentIsLeftOut(t *testing.T) {
	t.Parallel()
	far, near := time.Unix(1893456000000, 0), time.Unix(1893456000, 0)
	require.Nil(t, timestamp(nil))
	require.Nil(t, timestamp(&far))
	require.Equal(t, near.UTC(), timestamp(&near).AsTime())
}
