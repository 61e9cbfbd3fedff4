package status

import (
	"context"
	"fmt"
	"time"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
)

// Skews of two clocks: from warnSkew on the times in lists and logs mislead, and from failSkew on posts go out at wrong times
// and fresh tokens seem to have ended.
const (
	warnSkew = 5 * time.Second
	failSkew = time.Minute
)

// Remedies that several checks share.
const (
	// RemedyDatabase is for a database that can't be used.
	RemedyDatabase = "Look whether PostgreSQL runs and takes connections, and whether POSTWRIGHT_DATABASE_URL leads to it."
	// RemedyMigrations is for a schema that is not this build's.
	RemedyMigrations = "Run `postwright migrate up`, or the build that made the database's schema."
	// RemedyRights is for a database that lets the role in and not do what it has to: the check says what is missing.
	RemedyRights = "Do what is said of it as the database's owner, or have its operator do it."
	remedyClock  = "Let both machines keep their time with NTP."
)

// Pinger is a database that can be asked whether it answers.
type Pinger interface {
	db.DBTX
	Ping(ctx context.Context) error
}

// Database checks whether it answers, how fast, and whether its clock agrees with this machine's.
func Database(on Pinger, now func() time.Time) Checker {
	return Checker{Name: "database", Ready: on.Ping, Run: func(ctx context.Context) []Check {
		began := now()
		there, err := db.New().DatabaseInfo(ctx, on)
		took := now().Sub(began)
		if err != nil {
			return append(single("database", Failed, fault.Of(err).Message, RemedyDatabase),
				single("clock", Unknown, "The database, whose clock it is compared with, does not answer.", "")...)
		}
		if there.Encoding != "UTF8" {
			return append(single("database", Failed, fmt.Sprintf("The database keeps texts as %s, which has not all characters.", there.Encoding),
				"Make another with the encoding UTF8 (createdb --encoding=UTF8 --template=template0), and take the data there with pg_dump."),
				clock(there.Now.Sub(began.Add(took/2)))...)
		}
		return append(single("database", OK, fmt.Sprintf("PostgreSQL %s answers within %s.", there.Version, took.Round(100*time.Microsecond)), ""),
			clock(there.Now.Sub(began.Add(took/2)))...)
	}}
}

// Connections checks whether PostgreSQL takes as many connections as one process may open; most is 0 where a pooler makes them.
func Connections(limit func(context.Context) (int, error), most int) Checker {
	return Checker{Name: "connections", Run: func(ctx context.Context) []Check {
		if most == 0 {
			return single("connections", OK, "A pooler makes them.", "")
		}
		takes, err := limit(ctx)
		switch {
		case err != nil:
			return single("connections", Unknown, "The database does not tell how many it takes.", "")
		case most > takes:
			return single(
				"connections",
				Warning,
				fmt.Sprintf(
					"One process may open %d, and PostgreSQL takes %d in all of this role and database: when they are used up, calls and jobs fail.",
					most,
					takes,
				),
				"Lower --database-max-connections, or raise PostgreSQL's max_connections or the CONNECTION LIMIT of the role or database.",
			)
		}
		return single("connections", OK, fmt.Sprintf("One process may open %d, and PostgreSQL takes %d in all.", most, takes), "")
	}}
}

// clock judges how far the database's clock is ahead of this machine's.
func clock(ahead time.Duration) []Check {
	skew := ahead.Abs().Round(time.Millisecond)
	switch {
	case skew >= failSkew:
		return single(
			"clock",
			Failed,
			fmt.Sprintf("This machine's clock and the database's are %s apart: posts would go out at wrong times.", skew),
			remedyClock,
		)
	case skew >= warnSkew:
		return single("clock", Warning, fmt.Sprintf("This machine's clock and the database's are %s apart.", skew), remedyClock)
	}
	return single("clock", OK, fmt.Sprintf("This machine's clock and the database's are %s apart.", skew), "")
}

// Migrations checks whether the schema is the one that this build knows.
func Migrations(check func(context.Context) error) Checker {
	return Checker{Name: "migrations", Ready: check, Run: func(ctx context.Context) []Check {
		err := check(ctx)
		switch {
		case err == nil:
			return single("migrations", OK, "Every migration of this build is applied.", "")
		case fault.Is(err, fault.Precondition):
			return single("migrations", Failed, fault.Of(err).Message, RemedyMigrations)
		}
		return single("migrations", Unknown, "The database does not tell its schema's version.", "")
	}}
}

// Workers checks whether any process works jobs.
func Workers(alive func(context.Context) (int, error)) Checker {
	return Checker{Name: "workers", Run: func(ctx context.Context) []Check {
		n, err := alive(ctx)
		switch {
		case err != nil:
			return single("workers", Unknown, "The database does not tell who works jobs.", "")
		case n == 0:
			return single("workers", Failed, "No process works jobs: nothing is published, and nobody is told anything.",
				"Start `postwright serve`, with --role=workers or --role=all.")
		case n == 1:
			return single("workers", OK, "One process works jobs.", "")
		}
		return single("workers", OK, fmt.Sprintf("%d processes work jobs.", n), "")
	}}
}
