package spelling_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/spelling"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"id", "content", "postType", "pageSize"}
	for written, want := range map[string]string{
		"post_type": "postType", "PageSize": "pageSize", "contents": "content", "contnet": "content", "ids": "id", "I": "id",
		"x": "", "xy": "", "日本": "", "_": "", "": "", "visibility": "",
	} {
		require.Equal(t, want, spelling.Nearest(written, names), written)
	}
}
