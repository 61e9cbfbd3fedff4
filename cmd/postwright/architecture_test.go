package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const module = "github.com/postwright/postwright/"

// Each package has a rule in the linter's settings with all that it may import: exactly what it does import, so that no rule
// is wider than the code, and a new arrow is seen in a diff.
func TestEveryPackageMayImportWhatItsRuleSaysAndNothingElse(t *testing.T) {
	t.Parallel()
	require.Equal(t, imported(t), allowed(t))
}

// The page's table of packages is the linter's rules.
func TestTheTableOfPackagesIsTheLintersRules(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	require.NoError(t, err)
	table := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `((?:internal|cmd)/[^`]+)` \\|.*\\| ([^|]+) \\|$").FindAllStringSubmatch(string(page), -1) {
		table[row[1]] = []string{}
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1) {
			table[row[1]] = append(table[row[1]], name[1])
		}
	}
	rules := map[string][]string{}
	for name, arrows := range allowed(t) {
		rules[name] = []string{}
		for _, arrow := range arrows {
			if ours, is := strings.CutPrefix(arrow, module); is {
				rules[name] = append(rules[name], asOnThePage(ours))
			}
		}
		slices.Sort(rules[name])
		rules[name] = slices.Compact(rules[name])
	}
	for name := range table {
		slices.Sort(table[name])
	}
	require.Equal(t, rules, table)
}

// asOnThePage is a package as the page names it: the messages and what serves them are one.
func asOnThePage(name string) string {
	if strings.HasPrefix(name, "gen/proto/") {
		return "gen/proto"
	}
	return strings.TrimPrefix(name, "internal/")
}

// allowed is what each package may import, by the linter's rules: modules by their paths' beginning, packages of ours by name.
func allowed(t *testing.T) map[string][]string {
	t.Helper()
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]struct {
						Mode  string   `yaml:"list-mode"`
						Files []string `yaml:"files"`
						Allow []string `yaml:"allow"`
					} `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
		} `yaml:"linters"`
	}
	text, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &config))
	rules := map[string][]string{}
	for name, rule := range config.Linters.Settings.Depguard.Rules {
		if rule.Mode != "strict" {
			continue
		}
		require.Equal(t, []string{"**/" + name + "/*.go", "!$test"}, rule.Files, name)
		require.Contains(t, rule.Allow, "$gostd", name)
		rules[name] = []string{}
		for _, arrow := range rule.Allow {
			if arrow != "$gostd" {
				rules[name] = append(rules[name], strings.TrimSuffix(arrow, "$"))
			}
		}
		slices.Sort(rules[name])
	}
	return rules
}

// imported is what each package imports beside the standard library, in the words of its rule where the rule allows it.
func imported(t *testing.T) map[string][]string {
	t.Helper()
	rules, found := allowed(t), map[string]map[string]bool{}
	for _, top := range []string{"internal", "cmd"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			// tools is a module of its own, and what npm installs is nobody's
			if entry.IsDir() && slices.Contains([]string{"testdata", "tools", "node_modules"}, entry.Name()) {
				return filepath.SkipDir
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			name, err := filepath.Rel(root, filepath.Dir(path))
			require.NoError(t, err)
			name = filepath.ToSlash(name)
			if found[name] == nil {
				found[name] = map[string]bool{}
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			require.NoError(t, err)
			for _, spec := range file.Imports {
				target := strings.Trim(spec.Path.Value, `"`)
				if first, _, _ := strings.Cut(target, "/"); strings.Contains(first, ".") {
					found[name][inTheWordsOf(rules[name], target)] = true
				}
			}
			return nil
		}))
	}
	lists := map[string][]string{}
	for name, arrows := range found {
		lists[name] = slices.AppendSeq([]string{}, maps.Keys(arrows))
		slices.Sort(lists[name])
	}
	return lists
}

// inTheWordsOf is the entry of a rule that allows an import, the import itself where none does.
func inTheWordsOf(rule []string, target string) string {
	best := target
	for _, entry := range rule {
		if target == entry {
			return entry
		}
		if strings.HasPrefix(target, entry+"/") && !strings.HasPrefix(entry, module) {
			best = entry
		}
	}
	return best
}
