package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/postwright/postwright/internal/fault"
)

// ReasonPooler marks the fault of a database URL that leads to a pooler which shares sessions between transactions, without a
// second URL for what needs a session of its own.
const ReasonPooler = "DATABASE_POOLER"

// codeProtocol is what PgBouncer says to a startup message that it does not take: a setting that it does not know, among others.
const codeProtocol = "08P01"

// lockTimeout is the one setting of a session that Postwright makes when it connects.
const lockTimeout = "lock_timeout"

// What the URLs of the database are called to an operator.
const (
	urlSetting    = "--database-url (POSTWRIGHT_DATABASE_URL)"
	directSetting = "--database-direct-url (POSTWRIGHT_DATABASE_DIRECT_URL)"
)

// requireSessions makes sure that a session of a connection by the URL of a setting is its own: a Precondition fault says so
// where a pooler shares it between transactions, as PgBouncer does in its pool_mode transaction and statement. One that gives
// each connection a session for as long as it lasts does no harm.
func requireSessions(ctx context.Context, cfg *pgx.ConnConfig, setting string) error {
	first, err := connectOne(ctx, cfg, setting)
	if err != nil {
		return err
	}
	defer closeOne(ctx, first)
	pid, err := sessionOf(ctx, first)
	if err != nil || pid == first.PgConn().PID() { // nobody stands between
		return err
	}
	second, err := connectOne(ctx, cfg, setting)
	if err != nil {
		return err
	}
	defer closeOne(ctx, second)
	other := uint32(0)
	// In this order whoever shares sessions is seen, whether they hand out the one that was used last or first.
	for _, conn := range []*pgx.Conn{first, second, second, first} {
		now, err := sessionOf(ctx, conn)
		if err != nil {
			return err
		}
		switch {
		case conn == first && now != pid, conn == second && (now == pid || (other != 0 && now != other)):
			return sharedSessions(setting)
		case conn == second:
			other = now
		}
	}
	return nil
}

func sharedSessions(setting string) *fault.Error {
	remedy := "set " + directSetting + " to PostgreSQL itself beside it"
	if setting == directSetting {
		remedy = "it must lead to PostgreSQL itself, past every pooler"
	}
	return fault.New(
		fault.Precondition,
		setting+" leads to a pooler that shares sessions between transactions, such as PgBouncer with pool_mode=transaction or "+
			"the pooled address of a provider. Migrations, the jobs' and streams' announcements (LISTEN) and prepared statements need sessions: "+remedy+
			". See docs/poolers.md.",
	).WithReason(ReasonPooler)
}

// settingRefused is the fault of a pooler that gives sessions, and does not take the one setting that connections begin with.
func settingRefused(setting string) *fault.Error {
	return fault.New(
		fault.Precondition,
		setting+" leads to a pooler that gives each connection a session, but does not take the setting lock_timeout: have it "+
			"pass that over (ignore_startup_parameters = lock_timeout in PgBouncer's configuration), or set "+directSetting+
			" to PostgreSQL itself beside it. "+
			"See docs/poolers.md.",
	).WithReason(ReasonPooler)
}

// requireTransactions makes sure that a connection carries transactions, as the Store begins them: a Precondition fault says so
// where a pooler hands each statement to another session, as PgBouncer does in its pool_mode statement. The connection must have
// carried a statement already, or what keeps the pooler from PostgreSQL would be taken for that.
func requireTransactions(ctx context.Context, conn *pgx.Conn, options pgx.TxOptions) error {
	tx, err := conn.BeginTx(ctx, options)
	if err == nil {
		err = tx.Commit(ctx)
	}
	var answer *pgconn.PgError
	if errors.As(err, &answer) && answer.Code == codeProtocol {
		return fault.New(
			fault.Precondition,
			urlSetting+" leads to a pooler that carries no transactions, such as PgBouncer with pool_mode=statement: give it "+
				"pool_mode=transaction or session, or set it to PostgreSQL itself. See docs/poolers.md.",
		).WithReason(ReasonPooler).WithCause(err)
	}
	return Fault(ctx, err)
}

// sessionOf is the process of PostgreSQL that carried the question out. It is asked in one message, which needs no session.
func sessionOf(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()::bigint", pgx.QueryExecModeExec).Scan(&pid)
	if err != nil {
		return 0, Fault(ctx, err)
	}
	return pid, nil
}

// connectOne makes a connection by the URL of a setting. Where it is refused for how it was begun, the fault says what is not
// taken.
func connectOne(ctx context.Context, cfg *pgx.ConnConfig, setting string) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	var answer *pgconn.PgError
	if err == nil || !errors.As(err, &answer) || answer.Code != codeProtocol {
		return conn, connectFaultOf(err)
	}
	// PostgreSQL takes lock_timeout: who takes the connection without it alone is a pooler.
	without := cfg.Copy()
	if _, set := without.RuntimeParams[lockTimeout]; set {
		delete(without.RuntimeParams, lockTimeout)
		if bare, bareErr := pgx.ConnectConfig(ctx, without); bareErr == nil {
			closeOne(ctx, bare)
			if shared := requireSessions(ctx, without, setting); shared != nil {
				return nil, shared
			}
			return nil, settingRefused(setting).WithCause(err)
		}
	}
	message := "What listens at " + setting + " does not take the connection: look whether it knows this database and this user"
	if settings := urlSettings(without.RuntimeParams); settings != "" {
		message += ", and take these settings out of the URL, which a pooler may not take: " + settings
	}
	return nil, fault.New(fault.Precondition, message+".").WithReason(ReasonPooler).WithCause(err)
}

func connectFaultOf(err error) error {
	if err == nil {
		return nil
	}
	return connectFault(err)
}

// closeOne ends a connection, also where the caller has left.
func closeOne(ctx context.Context, conn *pgx.Conn) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_ = conn.Close(closing) // nothing depends on how
}

// applicationName is the setting under which pg_stat_activity shows whose a connection is.
const applicationName = "application_name"

// clientEncoding is the setting that says in which encoding texts go over a connection; poolers know it.
const (
	clientEncoding = "client_encoding"
	utf8Encoding   = "UTF8"
)

// utf8Names are PostgreSQL's names for UTF-8, in small letters and digits only, as it compares them.
var utf8Names = []string{"utf8", "unicode"}

// speaksUTF8 reports whether a URL leaves the encoding of its connections at UTF-8.
func speaksUTF8(cfg *pgxpool.Config) bool {
	encoding, given := cfg.ConnConfig.RuntimeParams[clientEncoding]
	return !given || slices.Contains(utf8Names, strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(encoding)))
}

// setApplicationName gives connections a name, unless the URL brings one.
func setApplicationName(cfg *pgxpool.Config, name string) {
	if _, given := cfg.ConnConfig.RuntimeParams[applicationName]; !given && name != "" {
		cfg.ConnConfig.RuntimeParams[applicationName] = name
	}
}

// withoutSessions has connections use nothing that outlasts a transaction: statements are described once and sent in one
// message each, and nothing is prepared.
func withoutSessions(cfg *pgxpool.Config) {
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
}

// modes are what statements may be sent as: the others send values whose types PostgreSQL has to guess, which fails for arrays.
var modes = []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe}

// CheckURL says what is wrong with a database URL, without its secrets.
func CheckURL(databaseURL string) error {
	cfg, err := pgxpool.ParseConfig(databaseURL)
	switch {
	case !strings.HasPrefix(databaseURL, "postgres://") && !strings.HasPrefix(databaseURL, "postgresql://"):
		return errors.New("must be a postgres:// URL")
	case err != nil: // whose text may hold the password
		return errors.New("can't be read: write it as postgres://user:password@host:5432/database, with %XX for what is special in a URL, " +
			"and settings such as ?sslmode=require that PostgreSQL knows")
	case !slices.Contains(modes, cfg.ConnConfig.DefaultQueryExecMode):
		return errors.New("must not set default_query_exec_mode to anything but cache_statement or cache_describe: batches can't be " +
			"sent in another way. Behind a pooler, set --database-direct-url instead")
	case cfg.ConnConfig.StatementCacheCapacity < 1 || cfg.ConnConfig.DescriptionCacheCapacity < 1:
		return errors.New("must not set statement_cache_capacity or description_cache_capacity below 1")
	case !speaksUTF8(cfg):
		return errors.New("must not set client_encoding to anything but UTF8: texts are sent as UTF-8, and would be kept as others than " +
			"were written")
	}
	return nil
}
