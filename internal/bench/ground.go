package bench

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/devdb"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/testbed"
)

// Who does what: owners by their place.
const (
	bigOwner  = 0   // has a tenth of all posts
	loneOwner = 1   // publishes alone, with one account
	deleter   = 2   // deletes what was published
	batcher   = 3   // makes batches
	firstMany = 4   // the first of those that publish at once, with an account each
	accountsN = 100 // how many those are
	withToken = firstMany + accountsN
	// leastOwners is how many every size has.
	leastOwners = withToken
)

const databaseName = "bench"

// ground is what everything of a run stands on: a PostgreSQL with a migrated database, owners in it, and the sandbox as all
// vendors.
type ground struct {
	server  *devdb.Server
	url     string // of the database
	vendors string // URL
	keyset  string
	owners  []*testbed.Owner
}

// settings of PostgreSQL. A call's own cost is compared: what a disk adds would be added to both sides, and hide it. Nor may
// a checkpoint or an autovacuum fall into one side's round.
func settings() map[string]string {
	return map[string]string{"fsync": "off", "autovacuum": "off", "shared_buffers": "1GB", "max_wal_size": "16GB", "checkpoint_timeout": "1h",
		"max_connections": "200"}
}

// newGround starts it; the sandbox ends with ctx, and PostgreSQL by stop.
func newGround(ctx context.Context, group *errgroup.Group, r Run) (_ *ground, err error) {
	g := &ground{}
	if g.keyset, err = accounts.NewKeyset(); err != nil {
		return nil, err
	}
	var members []sandbox.Member
	for i := range max(r.Size.Owners, leastOwners) {
		owner := &testbed.Owner{Email: fmt.Sprintf("owner%d@example.org", i)}
		if i < withToken {
			token := fmt.Sprintf("token-of-%d", i)
			owner.Tokens = []string{token}
			members = append(members, sandbox.Member{ID: fmt.Sprintf("member%d", i), GivenName: "Member", FamilyName: "of the bench", Token: token,
				Scopes: []string{"openid", "profile", "w_member_social"}})
		}
		g.owners = append(g.owners, owner)
	}
	vendors := sandbox.New(sandbox.Options{Clock: r.Now, Log: slog.New(slog.DiscardHandler), Members: members,
		MemberDayLimit: -1, AppDayLimit: -1, DuplicateWindow: -1})
	if g.vendors, err = testbed.ServeHTTP(ctx, group, vendors.Handler()); err != nil {
		return nil, err
	}
	if g.server, err = devdb.Start(ctx, devdb.Options{Dir: r.postgresDir(), Log: r.Log, Settings: settings()}); err != nil {
		return nil, err
	}
	g.url = g.server.URL(databaseName)
	if err := g.found(ctx, r.Log); err != nil {
		g.stop(ctx)
		return nil, err
	}
	return g, nil
}

// found makes the database and the owners.
func (g *ground) found(ctx context.Context, log *slog.Logger) error {
	if err := g.server.EnsureDatabase(ctx, databaseName); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, g.url, log); err != nil {
		return err
	}
	return testbed.AddOwners(ctx, g.wiring(""), g.owners...)
}

func (g *ground) wiring(listen string) testbed.Wiring {
	return testbed.Wiring{Listen: listen, DatabaseURL: g.url, VendorsURL: g.vendors, Keyset: g.keyset}
}

func (g *ground) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	_ = g.server.Stop(ctx) // the run is over: its data is thrown away
}

// settle does what autovacuum would have done some minutes after the load.
func (g *ground) settle(ctx context.Context) error {
	conn, err := g.connect(ctx)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	if _, err := conn.Exec(ctx, "VACUUM (ANALYZE)"); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CHECKPOINT")
	return err
}

// connect opens a connection to the database; hangUp closes it.
func (g *ground) connect(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, g.url) }

func hangUp(ctx context.Context, conn *pgx.Conn) {
	_ = conn.Close(context.WithoutCancel(ctx)) // all was read that was asked for
}

// ownerID is that of an owner, for statements.
func (g *ground) ownerID(place int) uuid.UUID { return uuid.MustParse(g.owners[place].ID) }
