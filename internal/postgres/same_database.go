package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/postwright/postwright/internal/fault"
)

// ReasonTwoDatabases marks the fault of two database URLs that lead to different databases.
const ReasonTwoDatabases = "DATABASE_URLS_DIFFER"

// databaseIdentity is what tells the database behind a connection from every other, as far as any role may read it. Beside the
// database's name and number stands when its server was started, to the microsecond: a copy of the files and a standby have all
// else in common with it, pg_control_system's identifier included.
type databaseIdentity struct {
	database, server, started string
	number                    uint32
}

// identityOf asks in one message, which needs no session.
func identityOf(ctx context.Context, conn *pgx.Conn) (p databaseIdentity, err error) {
	err = conn.QueryRow(
		ctx,
		`SELECT d.datname::text, d.oid::bigint, COALESCE(host(inet_server_addr()) || ':' || inet_server_port(), 'a socket of its machine'),
			(pg_postmaster_start_time() AT TIME ZONE 'UTC')::text
		FROM pg_database d WHERE d.datname = current_database()`,
		pgx.QueryExecModeExec,
	).Scan(
		&p.database,
		&p.number,
		&p.server,
		&p.started,
	)
	if err != nil {
		return databaseIdentity{}, Fault(ctx, err)
	}
	return p, nil
}

// sameDatabase returns a Precondition fault where two connections lead to different databases: what is announced, locked and
// migrated over one would not be what is read and written over the other.
func sameDatabase(ctx context.Context, pooled, direct *pgx.Conn) error {
	one, err := identityOf(ctx, pooled)
	if err != nil {
		return err
	}
	other, err := identityOf(ctx, direct)
	if err != nil {
		return err
	}
	var differs []string
	if one.started != other.started {
		differs = append(
			differs,
			fmt.Sprintf(
				"the server (one listens at %s and was started at %s UTC, the other at %s and %s UTC)",
				one.server,
				one.started,
				other.server,
				other.started,
			),
		)
	}
	switch {
	case one.database != other.database:
		differs = append(
			differs,
			fmt.Sprintf("the database (%s and %s)", pgx.Identifier{one.database}.Sanitize(), pgx.Identifier{other.database}.Sanitize()),
		)
	case one.number != other.number && len(differs) == 0: // dropped and made anew in between
		differs = append(differs, fmt.Sprintf("the database's oid (%d and %d)", one.number, other.number))
	}
	if len(differs) == 0 {
		return nil
	}
	return fault.Newf(
		fault.Precondition,
		"--database-url (POSTWRIGHT_DATABASE_URL) and --database-direct-url (POSTWRIGHT_DATABASE_DIRECT_URL) must lead to the same database, "+
			"the one through a pooler and the other past it. What differs: %s. Correct the one that is wrong. See docs/poolers.md.",
		strings.Join(differs, ", "),
	).WithReason(ReasonTwoDatabases)
}
