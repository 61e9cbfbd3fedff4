package notify

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

func TestMessagesThatShowNothingAreRefused(t *testing.T) {
	t.Parallel()
	f := fault.Of(EmailInput{To: "ada@example.org", Subject: "\u3164", Content: "\u200b \u2800"}.Validate())
	require.Len(t, f.Fields, 2)
	require.Equal(t, "subject", f.Fields[0].Path)
	require.Equal(t, "content", f.Fields[1].Path)
	require.NoError(t, EmailInput{To: "ada@example.org", Subject: "Hi\u200b", Content: "."}.Validate())
}

func TestOneThingIsSaidOfATextThatIsWrongInTwoWays(t *testing.T) {
	t.Parallel()
	f := fault.Of(EmailInput{To: "ada@example.org", Subject: "\n", Content: "\a"}.Validate())
	require.Len(t, f.Fields, 2)
	require.Contains(t, f.Fields[0].Problem, "must be one line")
	require.Contains(t, f.Fields[1].Problem, "must not contain control characters")
}
