package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// With fewer files than connections, clients took them all, and neither the database nor the vendors were reached any more.
func TestConnectionsLeaveFilesForWhatServesThem(t *testing.T) {
	t.Parallel()
	c := Defaults()
	beside := c.files() - c.Server.Connections.Value
	for files, want := range map[uint64]int{
		1 << 62:                           4000,
		uint64(c.files()):                 4000,
		uint64(c.files()) - 1:             3999,
		uint64(beside + 100):              100,
		uint64(beside + leastConnections): leastConnections,
		uint64(beside):                    leastConnections, // it starts, and says what is wrong
		0:                                 leastConnections,
	} {
		require.Equal(t, want, c.connectionsWithin(files), "%d files", files)
	}
}
