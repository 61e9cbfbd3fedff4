// Package loop tries the loop of a change as docs/architecture.md tells it: a column in SQL and a field in the API, generated
// anew, and the compiler satisfied.
package loop

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../.."

// campaignTest is a test that is added to the copy of the tree: that the column is kept.
const campaignTest = "internal/posts/campaign_test.go"

// On a copy of the tree, as docs/architecture.md tells it: a column is added to posts and a field to Post, in four steps. Then
// callers may write it: every place that the page lists, and no other; and it is created, changed, and created in a batch.
func TestAColumnIsAddedAndSeenInTheAPIAndThenWritten(t *testing.T) {
	tree := copyOfTheTree(t)
	write(t, tree, "sql/migrations/99999_add_campaign.sql",
		"-- +goose Up\nALTER TABLE posts ADD COLUMN campaign text NOT NULL DEFAULT '';\n\n-- +goose Down\nALTER TABLE posts DROP COLUMN campaign;\n")
	replace(
		t,
		tree,
		"specs/api/postwright/v1/post.proto",
		"message Post {\n",
		"message Post {\n  string campaign = 1000 [(buf.validate.field).string.max_len = 100];\n",
	)
	run(t, tree, "just", "gen")
	refused(t, tree, "the column Campaign", "go", "test", "-run", "TestEveryColumnOfAPostIsMapped", "./internal/posts")
	replace(t, tree, "internal/posts/rows.go", "	Visibility     string\n", "	Campaign string\n	Visibility     string\n")
	replace(t, tree, "internal/posts/rows.go", "Visibility: row.Visibility,", "Campaign: row.Campaign, Visibility: row.Visibility,")
	replace(t, tree, "internal/posts/rows.go", `State: StateDraft,`, `Campaign: "", State: StateDraft,`)
	replace(t, tree, "internal/rpc/map_post.go", "Etag: p.Etag(),", "Etag: p.Etag(), Campaign: p.Campaign,")
	run(t, tree, "go", "build", "./...")

	for _, edit := range []struct{ file, from, to string }{
		{"sql/queries/post.sql", "tone, target_audience, visibility, hashtags, state, created_at, updated_at)\nSELECT\n    @id",
			"tone, target_audience, campaign, visibility, hashtags, state, created_at, updated_at)\nSELECT\n    @id"},
		{"sql/queries/post.sql", "@target_audience::text,\n    @visibility", "@target_audience::text,\n    @campaign::text, @visibility"},
		{"sql/queries/post.sql", "tone, target_audience, visibility, hashtags, state, created_at, updated_at)\nSELECT\n    i.id",
			"tone, target_audience, campaign, visibility, hashtags, state, created_at, updated_at)\nSELECT\n    i.id"},
		{"sql/queries/post.sql", "i.target_audience, i.visibility", "i.target_audience, i.campaign, i.visibility"},
		{"sql/queries/post.sql", "unnest(@target_audiences::text[]) AS target_audience,",
			"unnest(@target_audiences::text[]) AS target_audience, unnest(@campaigns::text[]) AS campaign,"},
		{"sql/queries/post.sql", "    visibility = CASE WHEN", "    campaign = CASE WHEN @set_campaign::boolean THEN @campaign::text ELSE campaign " +
			"END,\n    visibility = CASE WHEN"},
		{"internal/posts/post.go", "	TargetAudience string\n", "	TargetAudience string\n	Campaign string\n"},
		{"internal/posts/service.go", "TargetAudience: draft.TargetAudience, Visibility:",
			"TargetAudience: draft.TargetAudience, Campaign: draft.Campaign, Visibility:"},
		{"internal/posts/service.go", `"target_audience": false,`, `"target_audience": false, "campaign": false,`},
		{"internal/posts/service.go", `SetVisibility: has("visibility"),`,
			`SetCampaign: has("campaign"), Campaign: draft.Campaign, SetVisibility: has("visibility"),`},
		{"internal/posts/rows.go", `Campaign: "", State: StateDraft,`, "Campaign: draft.Campaign, State: StateDraft,"},
		{"internal/posts/batch.go", "		Visibilities: ", "		Campaigns: column(made, func(p Post) string { return p.Campaign }),\n		Visibilities: "},
		{"cmd/postwright/growth_test.go", `"target_audience": "''",`, `"target_audience": "''", "campaign": "''",`},
		{"cmd/postwright/growth_test.go", `"target_audiences": "ARRAY['']",`, `"target_audiences": "ARRAY['']", "campaigns": "ARRAY['']",`},
		{"cmd/postwright/growth_test.go", `"set_target_audience": "true",`, `"set_campaign": "true", "campaign": "''", "set_target_audience": "true",`},
		{"internal/rpc/map_post.go", "TargetAudience: p.GetTargetAudience(),", "TargetAudience: p.GetTargetAudience(), Campaign: p.GetCampaign(),"},
	} {
		replace(t, tree, edit.file, edit.from, edit.to)
	}
	run(t, tree, "just", "_gen-db")
	run(t, tree, "go", "build", "./...")
	write(t, tree, campaignTest, `package posts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/posts"
)

func TestACampaignIsKept(t *testing.T) {
	w := newWorld(t)
	made, err := w.Create(t.Context(), posts.CreateInput{OwnerID: w.ada, Draft: posts.Draft{Content: "a", Campaign: "spring"}})
	require.NoError(t, err)
	require.Equal(t, "spring", made.Campaign)
	made, err = w.Update(t.Context(), posts.UpdateInput{OwnerID: w.ada, ID: made.ID, Fields: []string{"campaign"},
		Draft: posts.Draft{Campaign: "autumn"}})
	require.NoError(t, err)
	require.Equal(t, "autumn", made.Campaign)
	batch, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: []posts.Draft{{Content: "b", Campaign: "winter"}}})
	require.NoError(t, err)
	require.Equal(t, "winter", batch[0].Campaign)
}
`)
	run(t, tree, "go", "test", "-run", "TestACampaignIsKept|TestEveryColumnOfAPostIsMapped", "./internal/posts")
	run(t, tree, "go", "test", "-run", "TestNoQueryReadsMoreTheMoreThereIs", "./cmd/postwright")
	theListIs(t, tree)
}

// notForThisOne are the rows of the page's list that a short text without a rule of its own leaves out, and why.
var notForThisOne = map[string]string{
	"specs/api/postwright/v1/post_service.proto": "it is a comment",
	"internal/posts/cached.go":                   "its values differ little in size",
	"internal/posts/constraints.go":              "it has no constraint",
	"CHANGELOG.md":                               "it is for nobody",
}

// theListIs holds the list of "Add a column" to what was changed by hand in a tree: no row more, and none less.
func theListIs(t *testing.T, tree string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs/architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Add a column\n")
	section, _, _ = strings.Cut(section, "\n## ")
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^` ]+)` \\|").FindAllStringSubmatch(section, -1) {
		listed[row[1]] = true
	}
	if len(listed) == 0 {
		t.Fatal("the page has no list of files that a column touches")
	}
	for _, name := range changedByHand(t, tree) {
		if filepath.Dir(name) == "sql/migrations" {
			name = "sql/migrations"
		}
		if !listed[name] {
			t.Errorf("%s was changed, and the page does not list it", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		if notForThisOne[name] == "" {
			t.Errorf("the page lists %s, which did not have to be changed", name)
		}
		delete(notForThisOne, name)
	}
	for name := range notForThisOne {
		t.Errorf("%s is not on the page, or was changed", name)
	}
}

// changedByHand are the files of a tree that are not as they were: neither what `just gen` writes, nor the test that was
// added.
func changedByHand(t *testing.T, tree string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(tree, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name == "gen" || name == "specs/api/third_party" || name == "internal/console/web/node_modules" || name == "internal/console/web/api" {
				return filepath.SkipDir
			}
			return nil
		}
		now, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		before, err := os.ReadFile(filepath.Join(root, name))
		if name != campaignTest && (err != nil || !bytes.Equal(before, now)) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// copyOfTheTree copies what git would commit.
func copyOfTheTree(t *testing.T) string {
	t.Helper()
	list, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal("list the files:", err)
	}
	tree := t.TempDir()
	for name := range strings.Lines(string(list)) {
		name = strings.TrimSpace(name)
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) { // deleted, and not yet committed
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		write(t, tree, name, string(content))
	}
	return tree
}

func write(t *testing.T, tree, name, content string) {
	t.Helper()
	path := filepath.Join(tree, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replace fails when the text is not there: the page's steps would not work as told.
func replace(t *testing.T, tree, name, from, to string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(tree, name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(content), from) {
		t.Fatalf("%s does not contain %q", name, from)
	}
	write(t, tree, name, strings.Replace(string(content), from, to, 1))
}

// refused runs what must fail, and say why.
func refused(t *testing.T, tree, why, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = tree
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), why) {
		t.Fatalf("%s %s: %v, and says nothing of %q\n%s", program, strings.Join(args, " "), err, why, out)
	}
}

func run(t *testing.T, tree, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = tree
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}
