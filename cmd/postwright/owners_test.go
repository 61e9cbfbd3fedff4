package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
)

// owners are the packages of internal/ that own queries, by what their names begin with: the longest that fits. Only its owner
// calls a query; whoever else wants to know asks the owner, or has a query of its own, named by the one who asks.
var owners = map[string]string{
	"Account":          "accounts",
	"Analysis":         "analysis",
	"Analytics":        "analytics",
	"Attempt":          "publishing",
	"Consent":          "accounts",
	"Database":         "status",
	"Key":              "identity",
	"LLMBudget":        "analysis",
	"Notification":     "notify",
	"Origin":           "origin",
	"Password":         "signin",
	"Post":             "posts",
	"Publication":      "publishing",
	"PushSubscription": "notify",
	"Queue":            "queue",
	"Request":          "idempotency",
	"Session":          "identity",
	"SignInLink":       "signin",
	"User":             "identity",
	"VersionWarning":   "sunset",
	"Webhook":          "webhooks",
	"Worker":           "jobs",

	// versions keeps what posts writes over, and what analysis found, under the lock of the one or of its own.
	"PostVersion": "versions",

	// posts owns what a post says; publishing how far it is, and how posts stand in each other's way.
	"PostCountOpen":        "publishing",
	"PostCountTwins":       "publishing",
	"PostGetManyForUpdate": "publishing",
	"PostSetAccount":       "publishing",
	"PostSetURN":           "publishing",
	"PostListByURN":        "publishing",
	"PostListHeldBack":     "publishing",
	"PostListSameText":     "publishing",
	"PostListStates":       "publishing",
	"PostMark":             "publishing",
	"PostNewestURN":        "publishing",
	"PostOldestScheduled":  "publishing",
	"PostSettle":           "publishing",
	"PostTellDoubt":        "publishing",

	// Whoever made the rows need not know when they go.
	"NotificationCountDeleteOld": "retention",
	"NotificationDeleteOld":      "retention",
	"PostTransitionDeleteOld":    "retention",
	"RequestDeleteOld":           "retention",
	"SessionDeleteOld":           "retention",
	"SignInLinkDeleteOld":        "retention",
	"WebhookCountDeleteOld":      "retention",
	"WebhookDeleteGone":          "retention",
	"WebhookDeliveryDeleteGone":  "retention",
	"WebhookEraseSecrets":        "retention",
	"WebhookEventDeleteOld":      "retention",
}

// sharedTables are those that queries of two owners write to. All others have one writer.
var sharedTables = map[string][]string{
	// Publishing moves a post's state, under the lock under which posts changes what it says.
	"posts": {"posts", "publishing"},
	// What is too old is nobody's any more.
	"notification_counts": {"notify", "retention"},
	"notifications":       {"notify", "retention"},
	"sessions":            {"identity", "retention"},
	"sign_in_links":       {"retention", "signin"},
	"webhook_counts":      {"retention", "webhooks"},
	"webhook_deliveries":  {"retention", "webhooks"},
	"webhook_events":      {"retention", "webhooks"},
	"webhooks":            {"retention", "webhooks"},
	// So is a request that was made before; and a create claims its request in the statement that makes the post.
	"requests": {"idempotency", "posts", "retention"},
}

// query is one of sql/queries.
type query struct {
	name, kind, text string
}

func (q query) owner() string {
	longest := ""
	for prefix := range owners {
		if strings.HasPrefix(q.name, prefix) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	return owners[longest]
}

// writes are the tables that a query inserts into, updates or deletes from.
func (q query) writes() (tables []string) {
	for _, found := range writing.FindAllStringSubmatch(locking.ReplaceAllString(q.text, ""), -1) {
		tables = append(tables, found[1])
	}
	return tables
}

var (
	heading = regexp.MustCompile(`(?m)^-- name: (\w+) :(\w+)$`)
	comment = regexp.MustCompile(`--.*`)
	locking = regexp.MustCompile(`\b(?:FOR|NO KEY|DO) UPDATE\b`) // and what a conflict becomes, whose table the INSERT names
	writing = regexp.MustCompile(`\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)`)
)

func queries(t *testing.T) (all []query) {
	t.Helper()
	files, err := filepath.Glob("../../sql/queries/*.sql")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		names := heading.FindAllStringSubmatchIndex(string(text), -1)
		for i, at := range names {
			end := len(text)
			if i+1 < len(names) {
				end = names[i+1][0]
			}
			all = append(all, query{
				name: string(text[at[2]:at[3]]), kind: string(text[at[4]:at[5]]),
				text: comment.ReplaceAllString(string(text[at[1]:end]), ""),
			})
		}
	}
	require.NotEmpty(t, all)
	return all
}

// callers are the packages, by folder, that call each method, outside tests and generated code.
func callers(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, root := range []string{"cmd", "internal"} {
		require.NoError(t, filepath.WalkDir("../../"+root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../../")
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && !slices.Contains(found[s.Sel.Name], folder) {
					found[s.Sel.Name] = append(found[s.Sel.Name], folder)
				}
				return true
			})
			return nil
		}))
	}
	return found
}

func TestAQueryIsCalledByItsOwnerAlone(t *testing.T) {
	t.Parallel()
	all, called := queries(t), callers(t)
	for _, q := range all {
		assert.Equal(t, []string{"internal/" + q.owner()}, called[q.name], "who calls %s", q.name)
	}
	for prefix := range owners {
		begins := func(q query) bool { return strings.HasPrefix(q.name, prefix) }
		assert.True(t, slices.ContainsFunc(all, begins), "a query begins with %s", prefix)
	}
}

func TestATableHasOneWriter(t *testing.T) {
	t.Parallel()
	writers := map[string][]string{}
	for _, q := range queries(t) {
		tables := q.writes()
		if strings.HasPrefix(q.kind, "exec") && !strings.Contains(q.text, "pg_notify") {
			assert.NotEmpty(t, tables, "what %s writes to", q.name)
		}
		for _, table := range tables {
			if !slices.Contains(writers[table], q.owner()) {
				writers[table] = append(writers[table], q.owner())
			}
		}
	}
	for table, by := range writers {
		slices.Sort(by)
		if shared, is := sharedTables[table]; is {
			assert.Equal(t, shared, by, "who writes to %s", table)
			continue
		}
		assert.Len(t, by, 1, "who writes to %s", table)
	}
}

// accountReader is a query that reads linkedin_accounts and is not of the package that owns the table.
type accountReader struct {
	why  string
	asks []string // the columns that it asks of how an account stands
}

// accountReaders are all of them. Everybody else asks accounts.
var accountReaders = map[string]accountReader{
	"PostInsert": {"an account that is not the owner's, or is let go, must make no post; it is one statement for the sake of its time",
		[]string{"disconnected_at"}},
	"PostListAccounts": {"says in words what PostInsert refuses, of a batch too, in its transaction; posts may not import accounts",
		[]string{"disconnected_at"}},
	"PostListSameText": {"a post without an account goes out with the default one: which text is whose follows from both tables", nil},
	"PostNewestURN":    {"one member may be the account of several owners, and each one's posts are found by an index of their own", nil},
	"PostCountTwins":   {"one member may be the account of several owners, and each one's posts are found by an index of their own", nil},
	"PublicationLock":  {"locks what a publication goes out by in one round trip with it; the account's row is handed to accounts as it is", nil},
}

// Who an account is, is for all to see; how it stands is worked out of its other columns by accounts.Service.Standing alone, so
// that all who ask it say the same. accounts.Account keeps those to itself; no row and no query of others shows them.
func TestHowAnAccountStandsIsAskedOfItsOwner(t *testing.T) {
	t.Parallel()
	shown := []string{
		"ID", "OwnerID", "URN", "DisplayName", "App", "Scopes", "IsDefault", "CreatedAt", "UpdatedAt",
		"HeldReason", // a hold of everything has a column of that name too
	}
	called := callers(t)
	asks := map[string][]string{} // by query
	for _, column := range reflect.VisibleFields(reflect.TypeFor[db.LinkedInAccount]()) {
		if slices.Contains(shown, column.Name) {
			continue
		}
		assert.Equal(t, []string{"internal/accounts"}, called[column.Name], "who reads %s", column.Name)
		name := strings.ToLower(regexp.MustCompile("([a-z])([A-Z])").ReplaceAllString(column.Name, "${1}_$2"))
		for _, q := range queries(t) {
			if regexp.MustCompile(`\b` + name + `\b`).MatchString(q.text) {
				asks[q.name] = append(asks[q.name], name)
			}
		}
	}
	readers := map[string]bool{}
	for _, q := range queries(t) {
		if q.owner() == "accounts" || !strings.Contains(q.text, "linkedin_accounts") {
			continue
		}
		readers[q.name] = true
		if assert.Contains(t, accountReaders, q.name, "a query that reads linkedin_accounts is of accounts, or is listed with its reason") {
			assert.Equal(t, accountReaders[q.name].asks, asks[q.name], "what %s asks of how an account stands", q.name)
		}
	}
	for name := range accountReaders {
		assert.True(t, readers[name], "%s reads linkedin_accounts", name)
	}
}

// What a package hands out is a type of its own, which can have methods, mapped in its rows.go: a column is nobody else's.
func TestRowsStayInTheirPackages(t *testing.T) {
	t.Parallel()
	var found []string
	require.NoError(t, filepath.WalkDir("../../internal", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../../")
		for _, name := range rowsHandedOut(file) {
			found = append(found, folder+"."+name)
		}
		return nil
	}))
	require.Empty(t, found, "the exported names under which a type of gen/db leaves its package")
}

func TestRowsThatAreHandedOutAreFound(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		"type Post = db.Post":                                      {"Post"},
		"type Post db.Post":                                        {"Post"},
		"type Page struct { Posts []db.Post }":                     {"Page"},
		"type Page struct { rows []db.Post; queries *db.Queries }": nil,
		"type Pinged interface { db.DBTX }":                        nil,
		"type page struct { Posts []db.Post }":                     nil,
		"func Get() (*db.Post, error) { return nil, nil }":         {"Get"},
		"func (s Service) Get(on db.DBTX) db.Post { panic(0) }":    {"Get"},
		"func Get() (post db.Post, err error) { panic(0) }":        {"Get"},
		"func FromRow(row db.Post) Post { panic(0) }":              nil,
		"func get() (*db.Post, error) { return nil, nil }":         nil,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\n"+source, parser.SkipObjectResolution)
		require.NoError(t, err)
		require.Equal(t, want, rowsHandedOut(file), source)
	}
}

// rowsHandedOut are the exported types of a file that are a row of gen/db or show one in a field, and the functions that return
// one.
func rowsHandedOut(file *ast.File) (names []string) {
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			isRow := func(result *ast.Field) bool { return namesRow(result.Type) }
			if d.Name.IsExported() && d.Type.Results != nil && slices.ContainsFunc(d.Type.Results.List, isRow) {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() && namesRow(s.Type) {
					names = append(names, s.Name.Name)
				}
			}
		}
	}
	return names
}

// namesRow reports whether a type names a row of gen/db, or what a query takes, other than in a field that its package keeps to
// itself.
func namesRow(of ast.Node) (is bool) {
	ast.Inspect(of, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			return len(n.Names) == 0 || n.Names[0].IsExported()
		case *ast.SelectorExpr:
			from, ok := n.X.(*ast.Ident)
			is = is || ok && from.Name == "db" && n.Sel.Name != "DBTX" && n.Sel.Name != "Queries"
		}
		return true
	})
	return is
}
