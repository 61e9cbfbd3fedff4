package siege

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/testbed"
	"github.com/postwright/postwright/internal/testbed/loopback"
)

// bystander is the quiet owner's like on a node that nobody attacks, with a database and vendors of its own. It shares no more
// with the attacked one than the machine and PostgreSQL's processes, so what it sees during an attack is what the machine makes
// of it, which is nobody's fault.
type bystander struct {
	quiet   *quiet
	vendors *sandbox.Sandbox
}

// newBystander starts it; it lives until ctx ends.
func (r Run) newBystander(ctx context.Context, group *errgroup.Group, g *ground) (*bystander, error) {
	b := &bystander{vendors: newVendors(g.people, r.Now)}
	url, err := testbed.ServeHTTP(ctx, group, b.vendors.Handler())
	if err != nil {
		return nil, err
	}
	database, err := g.database(ctx)
	if err != nil {
		return nil, err
	}
	wiring := testbed.Wiring{DatabaseURL: g.server.URL(database), VendorsURL: url, Keyset: g.keyset}
	if wiring.Listen, err = loopback.FreeAddress(ctx); err != nil {
		return nil, err
	}
	n, err := testbed.StartNode(ctx, r.Binary, r.Dir, "bystander", wiring, fewConnections)
	if err != nil {
		return nil, err
	}
	b.quiet, err = newQuiet(ctx, g.people.quiet, n.URL, quietAddress)
	return b, err
}
