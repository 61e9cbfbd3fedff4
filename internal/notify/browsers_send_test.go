package notify

import (
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

// What passes passes for browsers too: a message that surely reached none is tried again where one to a mail server would be.
func TestWhatPassesIsTriedAgainInBrowsers(t *testing.T) {
	t.Parallel()
	b := NewBrowsers(BrowsersDependencies{Log: slog.New(slog.DiscardHandler)})
	passing := 0
	for kind := fault.Internal; kind <= fault.OverLimit; kind++ {
		if kind == fault.NotFound { // the browser is removed
			continue
		}
		for _, doubt := range []bool{false, true} {
			f := fault.New(kind, "It was not taken")
			f.Doubt = doubt
			_, all := b.summary(t.Context(), Message{id: uuid.New()}, []Browser{{Description: "One"}}, []*fault.Error{f})
			require.Equal(t, again(f, 1), again(all, 1), "%s, doubt %t", kind, doubt)
			if again(all, 1) > 0 {
				passing++
			}
		}
	}
	require.Greater(t, passing, 5)
}
