package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/postwright/postwright/internal/bench/reference"
	"github.com/postwright/postwright/internal/testbed"
)

var (
	getCached = goal{name: "get_cached", what: "GetPost from cache, JSON, against a bare net/http that answers with the same bytes",
		unit: "×", atLeast: 0.50, stretch: 0.75}
	getDatabase = goal{name: "get_database", what: "GetPost from the database (cache off), against one written by hand",
		unit: "×", atLeast: 0.85, stretch: 0.95}
)

// cacheSetting says how many bytes the cache of hot reads may have; 0 switches it off.
const cacheSetting = "POSTWRIGHT_CACHE_BYTES"

// hotPosts is how many posts are read again and again where the cache is measured.
const hotPosts = 1_000

func measureGetCached(ctx context.Context, s *stage) error {
	node, stop, err := s.serve(ctx, "get-cached")
	if err != nil {
		return err
	}
	defer stop()
	hot := s.loaded.sample[:min(hotPosts, len(s.loaded.sample))]
	body, err := answerTo(ctx, node, hot[0])
	if err != nil {
		return err
	}
	file := filepath.Join(s.Dir, "fixed.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return err
	}
	bare, stopBare, err := s.serveReference(ctx, ReferenceFixed, FlagBody, file)
	if err != nil {
		return err
	}
	defer stopBare()
	measures, err := s.measure(ctx,
		subject{"GetPost, default settings", node, newCalls(node.Address, connections, gets(hot)).again},
		subject{"bare net/http, " + strconv.Itoa(len(body)) + " bytes", bare, newCalls(bare.address, connections, gets(hot)).again},
	)
	if err != nil {
		return err
	}
	cached, err := s.has(ctx, cacheSetting)
	if err != nil {
		return err
	}
	if !cached {
		times, err := ratio(measures[0].perSecond(), measures[1].perSecond())
		return errors.Join(fmt.Errorf("this build has no cache, it does not know $%s; without one: %s", cacheSetting, number(times, "×")), err)
	}
	return s.compare(getCached, measures[0], measures[1])
}

func measureGetDatabase(ctx context.Context, s *stage) error {
	node, stop, err := s.serveUncached(ctx, "get-database")
	if err != nil {
		return err
	}
	defer stop()
	hand, stopHand, err := s.serveReference(ctx, ReferenceHandwritten, FlagDatabase, s.ground.url)
	if err != nil {
		return err
	}
	defer stopHand()
	bench, err := s.pgbenchGet(ctx)
	if err != nil {
		return err
	}
	measures, err := s.measure(ctx,
		subject{"GetPost, cache off", node, newCalls(node.Address, connections, gets(s.loaded.sample)).again},
		subject{"GetPost by hand", hand, newCalls(hand.address, connections, gets(s.loaded.sample)).again},
		bench,
	)
	if err != nil {
		return err
	}
	return s.compare(getDatabase, measures[0], measures[1])
}

// serveUncached starts a node that reads everything from the database.
func (s *stage) serveUncached(ctx context.Context, name string) (node *testbed.Node, stop func(), err error) {
	return s.serve(ctx, name, cacheSetting+"=0")
}

// scriptsOfPgbench is how many different posts pgbench reads.
const scriptsOfPgbench = 50

// PoolSize is how many connections a node has at most by default; the references have as many.
const PoolSize = 20

// pgbenchGet reads posts by key, and asks for no API key: what the database can do at most.
func (s *stage) pgbenchGet(ctx context.Context) (subject, error) {
	program, err := pgbench(ctx)
	if err != nil {
		return subject{}, err
	}
	p := reference.PGBench{Program: program, URL: s.ground.url, Dir: s.Dir, Clients: PoolSize}
	var keys []reference.Key
	for _, post := range s.loaded.sample[:min(scriptsOfPgbench, len(s.loaded.sample))] {
		keys = append(keys, reference.Key{ID: post.id, Owner: post.owner.ID})
	}
	return pgbenching("pgbench, one statement by key", func(ctx context.Context, span time.Duration) (reference.PGBenched, error) {
		return p.Get(ctx, span, keys)
	}), nil
}

// pgbenching is a subject that only says how much it did.
func pgbenching(name string, run func(ctx context.Context, span time.Duration) (reference.PGBenched, error)) subject {
	return subject{name: name, run: func(ctx context.Context, span time.Duration) (round, error) {
		did, err := run(ctx, span)
		return round{calls: did.Transactions, took: did.Took}, err
	}}
}

func gets(posts []sampled) (list []call) {
	for _, post := range posts {
		list = append(list, getCall(post))
	}
	return list
}

// answerTo is what a node answers to who reads a post.
func answerTo(ctx context.Context, node *testbed.Node, post sampled) ([]byte, error) {
	conn, hangUp, err := dial(ctx, node.Address)
	if err != nil {
		return nil, err
	}
	defer hangUp()
	get := getCall(post)
	body, err := conn.call(writeRequest(node.Address, get.path, get.key, get.body))
	return bytes.Clone(body), err
}
