package postgres

import "context"

// ConnectionLimit is how many connections PostgreSQL takes at most, of this role and to this database, all clients together.
// Superusers are held to the server's limit alone.
func (s *Store) ConnectionLimit(ctx context.Context) (limit int, err error) {
	err = s.QueryRow(ctx, `SELECT min(n) FROM (
			SELECT current_setting('max_connections')::int AS n
			UNION ALL SELECT unnest(ARRAY[current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
				r.rolconnlimit, d.datconnlimit])
			FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND NOT r.rolsuper AND d.datname = current_database()
		) AS limits WHERE n >= 0`).Scan(&limit)
	return limit, err
}
