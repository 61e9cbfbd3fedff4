package status

import (
	"context"
	"fmt"
)

const remedyFiles = "Raise the limit (ulimit -n, LimitNOFILE= of systemd, --ulimit nofile of Docker), or lower --server-connections."

// Files checks whether a process may open as many files as it needs when all that is set is used up; mayOpen returns its limit.
func Files(mayOpen func() (uint64, error), needs int) Checker {
	return Checker{Name: "open files", Run: func(context.Context) []Check {
		most, err := mayOpen()
		switch {
		case err != nil:
			return single("open files", Unknown, "The system does not tell how many files this process may open.", "")
		case most < uint64(needs): //nolint:gosec // counts of settings, each of them checked
			return single("open files", Warning, fmt.Sprintf("This process may open %d files, and all connections that are set need %d: "+
				"it takes fewer connections of clients than are set.", most, needs), remedyFiles)
		}
		return single("open files", OK, fmt.Sprintf("This process may open %d files, and all connections that are set need %d.", most, needs), "")
	}}
}
