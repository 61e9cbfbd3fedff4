package reference

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// PGBench runs statements by PostgreSQL's own pgbench: what the database gives to who asks it and does nothing else.
type PGBench struct {
	Program string // where pgbench is
	URL     string // of the database
	Dir     string // for its scripts
	Clients int
}

// PGBenched is what pgbench says that it did.
type PGBenched struct {
	Transactions int
	Took         time.Duration // without the time to connect
}

// Key is what a post is read by.
type Key struct{ ID, Owner string }

// Get reads posts by their keys.
func (p PGBench) Get(ctx context.Context, span time.Duration, keys []Key) (PGBenched, error) {
	scripts := make([]string, len(keys))
	for i, key := range keys {
		scripts[i] = strings.NewReplacer("$1", literal(key.ID), "$2", literal(key.Owner)).Replace(selectPost)
	}
	return p.run(ctx, span, scripts)
}

// Create makes posts of an owner, with the same content.
func (p PGBench) Create(ctx context.Context, span time.Duration, owner string, row Row) (PGBenched, error) {
	script := strings.NewReplacer("$1", "md5(:n::text)::uuid", "$2", literal(row.Folded), "$3", literal(owner)+"::uuid", "$4", literal(row.Content),
		"$5", "'{}'::text[]", "$6", "now()").Replace(insertPost)
	return p.run(ctx, span, []string{`\set n random(1, 9223372036854775806)` + "\n" + script})
}

// literal quotes a text that is ours: none has a backslash or a colon, which pgbench would read.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// run runs scripts, each as often as the others, and prepared.
func (p PGBench) run(ctx context.Context, span time.Duration, scripts []string) (PGBenched, error) {
	dir, err := os.MkdirTemp(p.Dir, "pgbench-")
	if err != nil {
		return PGBenched{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the run's folder goes anyway
	args := []string{"--no-vacuum", "--protocol=prepared", "--jobs=2", "--client=" + strconv.Itoa(p.Clients),
		"--time=" + strconv.Itoa(max(1, int(span.Seconds())))} // whole seconds are all that it knows
	for i, script := range scripts {
		file := filepath.Join(dir, fmt.Sprintf("%d.sql", i))
		// pgbench ends a statement at the first semicolon.
		if err := os.WriteFile(file, []byte(strings.TrimSpace(script)+";\n"), 0o600); err != nil {
			return PGBenched{}, err
		}
		args = append(args, "--file="+file)
	}
	out, err := exec.CommandContext(ctx, p.Program, append(args, p.URL)...).CombinedOutput() //nolint:gosec // PostgreSQL's own, found by devdb
	if err != nil {
		return PGBenched{}, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	return readPGBench(string(out))
}

var (
	processed = regexp.MustCompile(`(?m)^number of transactions actually processed: ([0-9]+)`)
	failed    = regexp.MustCompile(`(?m)^number of failed transactions: ([0-9]+) `)
	tps       = regexp.MustCompile(`(?m)^tps = ([0-9.]+) \(without initial connection time\)`)
)

// readPGBench reads pgbench's report. One in which a transaction failed is an error.
func readPGBench(said string) (PGBenched, error) {
	if counted := failed.FindStringSubmatch(said); counted != nil && counted[1] != "0" {
		return PGBenched{}, fmt.Errorf("pgbench: %s transactions failed:\n%s", counted[1], said)
	}
	made, rate := processed.FindStringSubmatch(said), tps.FindStringSubmatch(said)
	if made == nil || rate == nil {
		return PGBenched{}, fmt.Errorf("pgbench did not say how many transactions it made:\n%s", said)
	}
	transactions, err := strconv.Atoi(made[1])
	perSecond, rateErr := strconv.ParseFloat(rate[1], 64)
	if err = errors.Join(err, rateErr); err == nil && perSecond <= 0 {
		err = errors.New("pgbench made no transaction")
	}
	if err != nil {
		return PGBenched{}, err
	}
	return PGBenched{Transactions: transactions, Took: time.Duration(float64(transactions) / perSecond * float64(time.Second))}, nil
}
