package status

import (
	"context"
	"fmt"
	"time"

	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/publishing"
)

// whyHeld says what happened to the database.
var whyHeld = map[origin.Reason]string{
	origin.Moved:      "This is not the database from which posts were sent before: it was copied or restored, or another server took over.",
	origin.Restored:   "A backup was restored into this database.",
	origin.RolledBack: "This database was taken back to an earlier state.",
	origin.ByHand:     "An operator held everything.",
}

// Held checks whether everything is held because the database may not know what was sent.
func Held(read func(context.Context) (publishing.Held, error)) Checker {
	const name = "release"
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		held, err := read(ctx)
		switch {
		case err != nil:
			return single(name, Unknown, "The database does not tell whether it is the one from which posts were sent before.", "")
		case held.Hold == nil:
			return single(name, OK, "This is the database from which posts are sent; nothing is held.", "")
		}
		return single(name, Failed, DescribeHold(held), "Look what is held with `postwright release`, and let it go: docs/backup.md.")
	}}
}

// DescribeHold says why everything is held, since when, and how old the data are. The caller has made sure that it is held.
func DescribeHold(held publishing.Held) string {
	words := fmt.Sprintf("%s Nothing has gone out since %s", whyHeld[held.Hold.Reason], held.Hold.Since.UTC().Format(time.RFC3339))
	if !held.Hold.DataFrom.IsZero() {
		words += fmt.Sprintf("; its data are from about %s", held.Hold.DataFrom.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("%s. Held: %d that wait to be sent, %d whose time has come.", words, held.Queued+held.Publishing, held.Due)
}
