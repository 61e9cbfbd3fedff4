package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// No linter reads these; .editorconfig says the same.
func TestNoLineOfSQLIsTooLong(t *testing.T) {
	t.Parallel()
	const limit = 150
	files, err := filepath.Glob("../../sql/*/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for i, line := range strings.Split(string(text), "\n") {
			assert.LessOrEqual(t, utf8.RuneCountInString(line), limit, "%s:%d", file, i+1)
		}
	}
}
