package publishing

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/text"
)

// The database finds by a key what internal/text then compares: no two texts that are the same as read may differ in it.
func TestTextsThatReadTheSameHaveTheSameKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same := func(of []string, as string) {
		t.Helper()
		var differ []string
		require.NoError(t, w.store.Pool().QueryRow(t.Context(), `SELECT coalesce(array_agg(s), '{}') FROM unnest($1::text[]) AS s
			WHERE post_text_key(s) <> post_text_key($2)`, of, as).Scan(&differ))
		require.Empty(t, differ, "%+q", differ)
	}
	var unseen []string // beside a letter, and between one and its accent
	var accented []string
	for r := rune(1); r <= 0x10ffff; r++ {
		s := "a" + string(r) + "b"
		if r >= 0xd800 && r <= 0xdfff || strings.NewReplacer(" ", "", "\n", "").Replace(text.AsRead(s)) != "ab" {
			continue
		}
		unseen = append(unseen, s)
		if accent := "e" + string(r) + "\u0301"; text.AsRead(accent) == "\u00e9" {
			accented = append(accented, accent)
		}
	}
	require.Greater(t, len(unseen), 300)
	require.Greater(t, len(accented), 300)
	same(unseen, "ab")
	same(accented, "\u00e9")
}

// The same text twice is only worth a word where both may go to the same account.
func TestTheSameTextForAnotherAccountIsNotTold(t *testing.T) {
	t.Parallel()
	const (
		scheduled = "The same text is scheduled for 2026-11-22T13:00:00Z, as post %s."
		unnamed   = "as post %s, with the account that is the default then, as this one is now."
	)
	for name, c := range map[string]struct {
		other, asked string // the accounts of the post that is scheduled and of the one that is asked about
		says         string
	}{
		"both for one account":                           {"tess", "tess", scheduled},
		"for another":                                    {"max", "tess", ""},
		"for the default, which is another's":            {"", "max", ""},
		"for the default, which is this one's":           {"", "tess", unnamed},
		"both for the default":                           {"", "", unnamed},
		"for one that is the default, asked of that":     {"tess", "", scheduled},
		"for one that is not the default, asked of that": {"max", "", ""},
		"both for one account that is not the default":   {"max", "max", scheduled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.vendors.AddMember(sandbox.Member{
				ID: "max", GivenName: "Max", FamilyName: "Mo", Token: "token-of-max", Scopes: tess.Scopes,
			})
			maxMo, err := w.accounts.Add(t.Context(), accounts.AddInput{OwnerID: w.owner, Token: "token-of-max"})
			require.NoError(t, err)
			ids := map[string]*uuid.UUID{"": nil, "tess": &w.account, "max": &maxMo.ID}
			other, err := w.posts.Create(t.Context(), posts.CreateInput{
				OwnerID: w.owner, Draft: posts.Draft{Content: "Once?", AccountID: ids[c.other]},
			})
			require.NoError(t, err)
			_, err = w.Schedule(t.Context(), ScheduleInput{OwnerID: w.owner, ID: other.ID, Time: w.clock.Add(time.Hour)})
			require.NoError(t, err)

			preview, err := w.Preview(t.Context(), PreviewInput{
				OwnerID: w.owner, Draft: &posts.Draft{Content: "Once?", AccountID: ids[c.asked]},
			})

			require.NoError(t, err)
			if c.says == "" {
				require.Empty(t, preview.Warnings)
				return
			}
			require.Len(t, preview.Warnings, 1)
			require.Contains(t, preview.Warnings[0], fmt.Sprintf(c.says, other.ID))
		})
	}
}
