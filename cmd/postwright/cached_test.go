package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a process has changed in a row that internal/cache keeps, it reads itself at once: others hear of it. So whatever runs a query
// that changes a post, or lets one go, locks it before by posts.GetForUpdate, or says posts.MayChange; and whatever changes a key
// drops it.
func TestWhoeverChangesARowThatIsKeptTellsTheCache(t *testing.T) {
	t.Parallel()
	changes := func(table string) (names []string) {
		changing := regexp.MustCompile(`\b(?:UPDATE|DELETE FROM)\s+` + table + `\b`)
		for _, q := range queries(t) {
			if changing.MatchString(locking.ReplaceAllString(q.text, "")) {
				names = append(names, q.name)
			}
		}
		require.NotEmpty(t, names)
		return names
	}
	for _, c := range []struct {
		table, begins string // what begins in a transaction, or runs the query alone
		folders       []string
		tells         []string
	}{
		{"posts", "store.InTx", []string{"posts", "publishing"}, []string{"posts.GetForUpdate", "posts.MayChange", "s.MayChange"}},
		{"api_keys", "queries.KeyRevoke", []string{"identity"}, []string{"cached.Drop"}},
	} {
		changing := changes(c.table)
		var seen []string
		for _, folder := range c.folders {
			functions := uses(t, folder)
			for name, used := range functions {
				if !slices.Contains(used, c.begins) {
					continue
				}
				all := reached(functions, name)
				runs := slices.DeleteFunc(slices.Clone(changing), func(query string) bool { return !slices.Contains(all, "queries."+query) })
				seen = append(seen, runs...)
				tells := slices.ContainsFunc(c.tells, func(way string) bool { return slices.Contains(all, way) })
				assert.True(t, len(runs) == 0 || tells, "%s of internal/%s runs %v and does not tell the cache", name, folder, runs)
			}
		}
		slices.Sort(seen)
		slices.Sort(changing)
		assert.Equal(t, changing, slices.Compact(seen), "every query that changes %s was found", c.table)
	}
}

// uses are the selectors that each function of a package names, tests apart, by their last two parts: queries.PostGet. Functions of
// one name are taken for one.
func uses(t *testing.T, folder string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../../internal/" + folder + "/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	found := map[string][]string{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			function, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(function, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					switch of := n.X.(type) {
					case *ast.Ident:
						found[function.Name.Name] = append(found[function.Name.Name], of.Name+"."+n.Sel.Name)
					case *ast.SelectorExpr:
						found[function.Name.Name] = append(found[function.Name.Name], of.Sel.Name+"."+n.Sel.Name)
					}
				case *ast.CallExpr:
					if plain, ok := n.Fun.(*ast.Ident); ok {
						found[function.Name.Name] = append(found[function.Name.Name], "."+plain.Name)
					}
				}
				return true
			})
		}
	}
	return found
}

// reached is all that a function names, and what those of its package name that it names.
func reached(functions map[string][]string, from string) (all []string) {
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, used := range functions[name] {
			all = append(all, used)
			_, called, _ := strings.Cut(used, ".")
			visit(called)
		}
	}
	visit(from)
	return all
}
