package siege

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/devdb"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/testbed"
)

// people are the owners of a run.
type people struct {
	quiet  *testbed.Owner   // whom nobody may disturb
	greedy *testbed.Owner   // who attacks
	crowd  []*testbed.Owner // who attack together, each modestly
}

// crowdSize is enough to be many, and few enough to be made in a moment.
const crowdSize = 24

func (p people) all() []*testbed.Owner {
	return append([]*testbed.Owner{p.quiet, p.greedy}, p.crowd...)
}

func newPeople() people {
	person := func(name string) *testbed.Owner {
		return &testbed.Owner{Email: name + "@example.org", Tokens: []string{"token-of-" + name}}
	}
	p := people{quiet: person("quiet"), greedy: person("greedy")}
	for i := range crowdSize {
		p.crowd = append(p.crowd, person(fmt.Sprintf("crowd%d", i)))
	}
	return p
}

// newVendors returns a sandbox that knows the people.
func newVendors(p people, now func() time.Time) *sandbox.Sandbox {
	var members []sandbox.Member
	for _, owner := range p.all() {
		token := owner.Tokens[0]
		members = append(members, sandbox.Member{ID: token[len("token-of-"):], GivenName: "Member", FamilyName: token, Token: token,
			Scopes: []string{"openid", "profile", "w_member_social"}})
	}
	return sandbox.New(sandbox.Options{Clock: now, Log: slog.New(slog.DiscardHandler), Members: members,
		MemberDayLimit: -1, AppDayLimit: -1, DuplicateWindow: -1})
}

// ground is what the nodes of a run stand on: a PostgreSQL of the run's own, with a migrated database that holds the
// people, from which every node gets a copy.
type ground struct {
	server *devdb.Server
	keyset string
	people people
	copies int
}

const templateName = "siege_template"

func newGround(ctx context.Context, dir string, log *slog.Logger) (_ *ground, err error) {
	g := &ground{people: newPeople()}
	if g.keyset, err = accounts.NewKeyset(); err != nil {
		return nil, err
	}
	// What a crash would lose, nobody misses.
	g.server, err = devdb.Start(ctx, devdb.Options{Dir: dir, Log: log, Settings: map[string]string{"fsync": "off", "max_connections": "100"}})
	if err != nil {
		return nil, err
	}
	if err := g.server.EnsureDatabase(ctx, templateName); err != nil {
		return nil, g.giveUp(ctx, err)
	}
	if err := postgres.Migrate(ctx, g.server.URL(templateName), log); err != nil {
		return nil, g.giveUp(ctx, err)
	}
	return g, nil
}

func (g *ground) giveUp(ctx context.Context, err error) error {
	g.stop(ctx)
	return err
}

func (g *ground) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	_ = g.server.Stop(ctx) // the run is over: its data is thrown away
}

// settle makes the people, with the accounts that the sandbox at vendorsURL knows.
func (g *ground) settle(ctx context.Context, vendorsURL string) error {
	return testbed.AddOwners(ctx, testbed.Wiring{DatabaseURL: g.server.URL(templateName), VendorsURL: vendorsURL, Keyset: g.keyset}, g.people.all()...)
}

// database makes a copy of the template and returns its name.
func (g *ground) database(ctx context.Context) (name string, err error) {
	g.copies++
	name = fmt.Sprintf("siege_%d", g.copies)
	return name, g.ask(ctx, "CREATE DATABASE "+name+" TEMPLATE "+templateName)
}

// drop takes a copy away, whoever is still connected to it.
func (g *ground) drop(ctx context.Context, name string) error {
	return g.ask(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
}

func (g *ground) ask(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, g.server.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}
