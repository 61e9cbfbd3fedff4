package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/redistest"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// now is the use cases' clock; what it says plays no part here.
func now() time.Time { return time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC) }

// node is a process, as far as the cache goes.
type node struct {
	store    *postgres.Store
	cache    *cache.Cache
	posts    *posts.Service
	identity *identity.Service
	heard    atomic.Int64 // the newest mark
}

// startNode starts a node on a database, which ends with the test.
func startNode(t testing.TB, databaseURL string, cfg cache.Config) *node {
	t.Helper()
	settings := postgres.Defaults()
	settings.URL, settings.MinConns, settings.MaxConns = databaseURL, 0, 4
	log := slog.New(slog.DiscardHandler)
	store, err := postgres.Open(t.Context(), settings, postgres.Unobserved{}, log)
	require.NoError(t, err)
	n := &node{store: store, cache: cache.New(cfg, log)}
	n.posts, n.identity = posts.New(store, n.cache, now), identity.New(store, n.cache, now)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var group sync.WaitGroup
	group.Go(func() { n.cache.Run(ctx) })
	group.Go(func() { store.Listen(ctx, n.cache.Listener(), n.listener()) })
	t.Cleanup(func() {
		cancel()
		group.Wait()
		store.Close()
	})
	return n
}

// eventually waits until something is so.
func eventually(t require.TestingT, what string, is func() bool) {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for end := time.After(patience); !is(); {
		select {
		case <-look.C:
		case <-end:
			require.FailNow(t, "it is not so after a long time", what)
		}
	}
}

// mark counts what all have to hear.
var mark atomic.Int64

// listener hears of marks after the cache has heard of what was committed before them. What was missed counts as heard: the cache
// has begun anew.
func (n *node) listener() postgres.Listener {
	return postgres.Listener{Channel: "mark", Missed: func() { n.heard.Store(mark.Load()) }, Heard: func(payload string) {
		if newest, err := strconv.ParseInt(payload, 10, 64); err == nil {
			n.heard.Store(max(newest, n.heard.Load()))
		}
	}}
}

// user makes a user with a key.
func (n *node) user(ctx context.Context, t require.TestingT, name string) (id uuid.UUID, key string) {
	user, err := n.identity.CreateUser(ctx, name+"@example.org", name)
	require.NoError(t, err)
	key, _, err = n.identity.CreateKey(ctx, user.ID, "")
	require.NoError(t, err)
	return user.ID, key
}

func (n *node) draft(ctx context.Context, t require.TestingT, owner uuid.UUID, content string) posts.Post {
	post, err := n.posts.Create(ctx, posts.CreateInput{OwnerID: owner, Draft: posts.Draft{Content: content, Hashtags: []string{"one", "two"}}})
	require.NoError(t, err)
	return post
}

func (n *node) edit(ctx context.Context, t require.TestingT, post posts.Post, content string) posts.Post {
	post, err := n.posts.Update(ctx, posts.UpdateInput{
		OwnerID: post.OwnerID, ID: post.ID, Draft: posts.Draft{Content: content}, Fields: []string{"content"},
	})
	require.NoError(t, err)
	return post
}

func (n *node) content(ctx context.Context, t require.TestingT, post posts.Post) string {
	got, err := n.posts.GetCached(ctx, post.OwnerID, post.ID)
	require.NoError(t, err)
	return got.Content
}

// cluster is three nodes on one database, and maybe a Redis.
type cluster struct {
	nodes []*node
	redis *redistest.Server
}

func startCluster(t *testing.T, redis *redistest.Server) cluster {
	databaseURL := dbtest.New(t)
	cfg := cache.Config{Bytes: 1 << 20, Life: life}
	if redis != nil {
		cfg.RedisURL = redis.URL()
	}
	c := cluster{redis: redis}
	for range 3 {
		c.nodes = append(c.nodes, startNode(t, databaseURL, cfg))
	}
	return c
}

// allHear returns when every node has heard all that was committed before.
func (c cluster) allHear(ctx context.Context, t *rapid.T) {
	this := mark.Add(1)
	_, err := c.nodes[0].store.Exec(ctx, "SELECT pg_notify('mark', $1)", strconv.FormatInt(this, 10))
	require.NoError(t, err)
	for _, n := range c.nodes {
		eventually(t, "it hears of the mark", func() bool { return n.heard.Load() >= this })
	}
}

// law holds that what three nodes read is never older than what they must have seen, whatever happens in whichever order: a write is
// seen by its own node at once, and by the others when they have heard.
func (c cluster) law(ctx context.Context, t *rapid.T) {
	nodes, redis := c.nodes, c.redis
	owner, first := nodes[0].user(ctx, t, uuid.NewString())
	pick := func(t *rapid.T) *node { return nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "node")] }
	written := 0
	kept := []posts.Post{nodes[0].draft(ctx, t, owner, "0"), nodes[0].draft(ctx, t, owner, "0")}
	pickPost := func(t *rapid.T) int { return rapid.IntRange(0, len(kept)-1).Draw(t, "post") }
	gone := map[uuid.UUID]bool{}
	keys, revoked := []string{first}, map[string]bool{}
	read := func(t *rapid.T, n *node, i int) string {
		post, err := n.posts.GetCached(ctx, owner, kept[i].ID)
		if err != nil {
			require.True(t, fault.Is(err, fault.NotFound), "%v", err)
			return "gone"
		}
		return post.Content
	}
	stands := func(i int) string {
		if gone[kept[i].ID] {
			return "gone"
		}
		return kept[i].Content
	}
	valid := func(t *rapid.T, n *node, key string) bool {
		_, err := n.identity.Authenticate(ctx, key)
		require.True(t, err == nil || fault.Is(err, fault.Unauthenticated), "%v", err)
		return err == nil
	}
	edit := func(t *rapid.T, n *node, i int) {
		if gone[kept[i].ID] {
			kept[i] = n.draft(ctx, t, owner, "0")
		}
		written++
		kept[i] = n.edit(ctx, t, kept[i], strconv.Itoa(written))
	}
	actions := map[string]func(*rapid.T){
		"read": func(t *rapid.T) { read(t, pick(t), pickPost(t)) },
		"edit": func(t *rapid.T) {
			n, i := pick(t), pickPost(t)
			edit(t, n, i)
			require.Equal(t, stands(i), read(t, n, i), "its own node reads it at once")
		},
		"edit in SQL": func(t *rapid.T) {
			i := pickPost(t)
			written++
			kept[i].Content = strconv.Itoa(written)
			_, err := nodes[0].store.Exec(ctx, "UPDATE posts SET content = $2 WHERE id = $1", kept[i].ID, kept[i].Content)
			require.NoError(t, err)
		},
		"delete": func(t *rapid.T) {
			n, i := pick(t), pickPost(t)
			if gone[kept[i].ID] {
				return
			}
			require.NoError(t, n.posts.Delete(ctx, posts.DeleteInput{OwnerID: owner, ID: kept[i].ID}))
			gone[kept[i].ID] = true
			require.Equal(t, "gone", read(t, n, i), "its own node reads it at once")
		},
		"make a key": func(t *rapid.T) {
			key, _, err := pick(t).identity.CreateKey(ctx, owner, "")
			require.NoError(t, err)
			keys = append(keys, key)
			require.True(t, valid(t, pick(t), key))
		},
		"revoke a key": func(t *rapid.T) {
			i := slices.IndexFunc(keys, func(key string) bool { return !revoked[key] })
			if i < 0 {
				return
			}
			n := pick(t)
			_, err := n.identity.RevokeKey(ctx, keys[i])
			require.NoError(t, err)
			revoked[keys[i]] = true
			require.False(t, valid(t, n, keys[i]), "its own node refuses it at once")
		},
		"cut what listens": func(t *rapid.T) {
			_, err := nodes[0].store.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()`)
			require.NoError(t, err)
		},
		"all keep and share": func(t *rapid.T) {
			for _, n := range nodes {
				eventually(t, "it hears", func() bool { return n.cache.State().Hears })
				eventually(t, "it shares", func() bool { return redis == nil || n.cache.State().Shares })
				for i := range kept {
					read(t, n, i)
				}
			}
		},
		"": func(t *rapid.T) {
			c.allHear(ctx, t)
			for range 2 { // what is loaded, and what is kept
				for _, n := range nodes {
					for i := range kept {
						require.Equal(t, stands(i), read(t, n, i))
					}
					for _, key := range keys {
						require.Equal(t, !revoked[key], valid(t, n, key))
					}
				}
			}
		},
	}
	if redis != nil {
		actions["Redis is killed and comes back"] = func(t *rapid.T) {
			redis.Save(ctx) // it will come back with this
			for i := range kept {
				read(t, pick(t), i)
				edit(t, pick(t), i) // and not with this
			}
			redis.Kill()
			for i := range kept {
				edit(t, pick(t), i)
			}
			for _, n := range nodes {
				read(t, n, 0)
			}
			redis.Start(ctx)
		}
	}
	t.Repeat(actions)
}

func TestThreeNodesAgreeByWhatTheyHear(t *testing.T) {
	t.Parallel()
	c := startCluster(t, nil)
	rapid.Check(t, func(rt *rapid.T) { c.law(t.Context(), rt) })
}

func TestThreeNodesAgreeWithARedisThatIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	c := startCluster(t, redistest.New(t))
	rapid.Check(t, func(rt *rapid.T) { c.law(t.Context(), rt) })
}

// process is a cache with a Redis, which hears what a test says.
type process struct {
	*cache.Cache
	rows cache.Rows[note]
}

// processes are some that share a Redis and read the same epoch.
func processes(t *testing.T, redis *redistest.Server, count int) (all []process) {
	t.Helper()
	for range count {
		c, rows := hearing(t, cache.Config{Bytes: 1 << 20, Life: life, RedisURL: redis.URL()})
		all = append(all, process{c, rows})
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		var group sync.WaitGroup
		group.Go(func() { c.Run(ctx) })
		t.Cleanup(func() { cancel(); group.Wait() })
	}
	for _, p := range all {
		eventually(t, "all read the same epoch", func() bool { return p.Epoch() != "" && p.Epoch() == all[0].Epoch() })
	}
	return all
}

// hear tells a process of a change, and returns when it has deleted what lay in Redis.
func (p process) hear(t *testing.T, name string) {
	t.Helper()
	p.Listener().Heard(name)
	eventually(t, "what lay there is deleted", func() bool { return p.Doomed() == 0 })
}

func TestWhatLayInRedisBeforeAProcessHeardIsNotRead(t *testing.T) {
	t.Parallel()
	p := processes(t, redistest.New(t), 1)[0]
	o := &origin{notes: map[string]string{"a": "before"}}
	get(t, p.rows, o, "a")
	p.Listener().Lost()
	o.write("a", "after") // nobody hears
	p.Listener().Missed()
	eventually(t, "it shares again", func() bool { return p.State().Shares })
	require.Equal(t, "after", get(t, p.rows, o, "a"))
}

func TestARedisThatComesBackWithWhatWasIsNotBelieved(t *testing.T) {
	t.Parallel()
	redis := redistest.New(t)
	all := processes(t, redis, 2)
	o := &origin{notes: map[string]string{"a": "before"}}
	get(t, all[0].rows, o, "a")
	redis.Save(t.Context())
	o.write("a", "after")
	for _, p := range all {
		p.hear(t, "note a")
	}
	redis.Kill()
	redis.Start(t.Context())
	require.Equal(t, "after", get(t, all[1].rows, o, "a"), "it has not asked Redis for anything meanwhile")
}

func TestWhatIsToBeDeletedFromRedisIsNotReadBefore(t *testing.T) {
	t.Parallel()
	p := processes(t, redistest.New(t), 1)[0]
	o := &origin{notes: map[string]string{}}
	for i := range 200 { // the deletion is fast
		o.write("a", fmt.Sprint(i))
		p.Listener().Heard("note a")
		require.Equal(t, fmt.Sprint(i), get(t, p.rows, o, "a"))
	}
}

func TestASlowLoadDoesNotPutBackIntoRedisWhatWasBefore(t *testing.T) {
	t.Parallel()
	all := processes(t, redistest.New(t), 3)
	slow, others := all[0], all[1:]
	o := &origin{notes: map[string]string{"a": "before"}}
	read, goOn := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { // it never hears of the change
		_, err := slow.rows.Get(t.Context(), "a", func(ctx context.Context) (note, error) {
			got, err := o.load("a")(ctx)
			close(read)
			<-goOn
			return got, err
		})
		require.NoError(t, err)
	})
	<-read
	o.write("a", "after")
	for _, p := range others {
		p.hear(t, "note a")
	}
	close(goOn)
	group.Wait()
	for _, p := range others {
		require.Equal(t, "after", get(t, p.rows, o, "a"))
	}
}

func TestWhatRedisWasToldByOneProcessAnotherTakesUntilItHears(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t)
	cfg := cache.Config{Bytes: 1 << 20, Life: life, RedisURL: redistest.New(t).URL()}
	one, two := startNode(t, database, cfg), startNode(t, database, cfg)
	for _, n := range []*node{one, two} {
		eventually(t, "it hears, and both read one epoch", func() bool {
			return n.cache.State().Hears && n.cache.Epoch() != "" && n.cache.Epoch() == one.cache.Epoch()
		})
	}
	ada, key := one.user(t.Context(), t, "ada")
	post := one.draft(t.Context(), t, ada, "Ünïcödé \u2028 <&> \"quoted\"")
	last := one.draft(t.Context(), t, ada, "Before")
	_, err := one.store.Exec(t.Context(), `UPDATE posts SET revision = revision + 1, scheduled_at = now(), published_at = now(),
		state = 'published', linkedin_urn = 'u', failure_code = 'c', failure_message = 'm', failure_remedy = 'r',
			time_zone = 'Asia/Kathmandu', target_audience = 'a'`)
	require.NoError(t, err)
	stored, err := one.posts.Get(t.Context(), ada, post.ID)
	require.NoError(t, err)
	keys, err := one.identity.ListKeys(t.Context(), ada)
	require.NoError(t, err)
	require.Equal(t, last.Content, two.content(t.Context(), t, last))
	_, err = one.store.Exec(t.Context(), `UPDATE posts SET revision = revision + 1, content = 'After' WHERE id = $1`, last.ID)
	require.NoError(t, err)
	eventually(t, "both have heard of the change, and of one that came behind it", func() bool {
		return one.content(t.Context(), t, last) == "After" && two.content(t.Context(), t, last) == "After" &&
			one.content(t.Context(), t, post) == post.Content && one.cache.Doomed() == 0 && two.cache.Doomed() == 0
	})
	before := map[string]cache.Counts{}
	for _, counts := range two.cache.State().Kinds {
		before[counts.Kind] = counts
	}
	for _, n := range []*node{one, two} {
		kept, err := n.posts.GetCached(t.Context(), ada, post.ID)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(stored, kept))
		who, err := n.identity.Authenticate(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, keys[0].ID, who.ID) // whose hash was right, or it would have been refused
	}
	for _, counts := range two.cache.State().Kinds {
		want := before[counts.Kind]
		want.Misses, want.Shared = want.Misses+1, want.Shared+1
		require.Equal(t, want, counts)
	}
	_, err = two.posts.GetCached(t.Context(), uuid.New(), post.ID)
	require.True(t, fault.Is(err, fault.NotFound), "another owner's")
}

func TestNoSecretIsInRedisOrTheLog(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	c := cache.New(cache.Config{Bytes: 1 << 20, Life: life, RedisURL: "redis://user:hunter2@127.0.0.1:1"},
		slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var group sync.WaitGroup
	group.Go(func() { c.Run(ctx) })
	eventually(t, "it tells that there is none", func() bool { return bytes.Contains(log.bytes(), []byte("Redis is not used")) })
	cancel()
	group.Wait()
	require.NotContains(t, string(log.bytes()), "hunter2")
}

type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.all.Bytes())
}
