package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// A role that may not write serves nobody. What is told to be run suffices.
func TestARoleWithoutRightsIsToldWhatToGrant(t *testing.T) {
	t.Parallel()
	const all = "GRANT USAGE ON SCHEMA public, river TO ROLE; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, river TO ROLE; " +
		"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, river TO ROLE"
	for name, c := range map[string]struct {
		before  string // as superuser; ROLE stands for the case's
		says    []string
		settled string // "" where what is told is to be run
	}{
		"none at all": {"REVOKE ALL ON SCHEMA public FROM PUBLIC",
			[]string{"GRANT USAGE ON SCHEMA public, river TO", "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE", "public.posts", "river.river_job,",
				"GRANT SELECT ON TABLE public.goose_db_version, river.river_migration TO", "GRANT USAGE ON SEQUENCE"}, ""},
		"of reading": {all + "; REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public FROM ROLE",
			[]string{"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE public.api_keys"}, ""},
		"but one": {all + "; REVOKE DELETE ON requests FROM ROLE",
			[]string{"run GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE public.requests TO ROLE."}, ""},
		"but those of the jobs": {all + "; REVOKE ALL ON ALL TABLES IN SCHEMA river FROM ROLE; REVOKE USAGE ON ALL SEQUENCES IN SCHEMA river FROM ROLE",
			[]string{"river.river_job,", "GRANT USAGE ON SEQUENCE river.river_job_id_seq,"}, ""},
		"to change anything": {all + "; ALTER ROLE ROLE SET default_transaction_read_only = on",
			[]string{"default_transaction_read_only be off for the role ROLE"}, "ALTER ROLE ROLE RESET default_transaction_read_only"},
		"missing: none":         {all, nil, ""},
		"of its own to migrate": {all + "; REVOKE INSERT, UPDATE, DELETE ON goose_db_version, river.river_migration FROM ROLE", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL := dbtest.New(t)
			role := "rights_" + databaseOf(t, databaseURL)
			fill := strings.NewReplacer(
				"ALTER ROLE ROLE",
				"ALTER ROLE "+role,
				"TO ROLE",
				"TO "+role,
				"FROM ROLE",
				"FROM "+role,
				"the role ROLE",
				"the role "+role,
			)
			admin(t, databaseURL, "CREATE ROLE "+role+" LOGIN", fill.Replace(c.before))
			lacks := func() error {
				store, err := openPooled(t, as(t, databaseURL, role), "")
				require.NoError(t, err)
				return store.RequireRights(t.Context())
			}
			err := lacks()
			if c.says == nil {
				require.NoError(t, err)
				return
			}
			require.True(t, fault.Is(err, fault.Precondition), "%v", err)
			require.Equal(t, postgres.ReasonRights, fault.Of(err).Reason)
			message := fault.Of(err).Message
			for _, says := range c.says {
				require.Contains(t, message, fill.Replace(says))
			}
			settle := fill.Replace(c.settled)
			if settle == "" {
				_, settle, _ = strings.Cut(strings.TrimSuffix(message, "."), ": run ")
			}
			admin(t, databaseURL, settle)
			require.NoError(t, lacks(), settle)
		})
	}
}

func TestWhatIsNotMigratedNeedsNoRights(t *testing.T) {
	t.Parallel()
	store, err := openPooled(t, dbtest.NewEmpty(t), "")
	require.NoError(t, err)
	require.NoError(t, store.RequireRights(t.Context()))
}

func TestAStatementWithoutARightIsToldInWords(t *testing.T) {
	t.Parallel()
	err := postgres.Fault(t.Context(), &pgconn.PgError{Code: "42501"})
	require.Equal(t, postgres.ReasonRights, fault.Of(err).Reason)
	require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
	require.Contains(t, fault.Of(err).Message, "serve --check")
}
