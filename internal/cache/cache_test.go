package cache_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
)

// note is a row of these tests.
type note struct{ Text string }

func (n note) size() int { return len(n.Text) }

// origin is where the notes come from.
type origin struct {
	mu    sync.Mutex
	notes map[string]string
	loads atomic.Int64
}

var errNone = errors.New("there is no such note")

func (o *origin) load(key string) func(context.Context) (note, error) {
	return func(context.Context) (note, error) {
		o.loads.Add(1)
		o.mu.Lock()
		defer o.mu.Unlock()
		text, ok := o.notes[key]
		if !ok {
			return note{}, errNone
		}
		return note{text}, nil
	}
}

func (o *origin) write(key, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.notes[key] = text
}

const life = 5 * time.Minute

// hearing is a cache that hears, and its notes.
func hearing(t *testing.T, cfg cache.Config) (*cache.Cache, cache.Rows[note]) {
	t.Helper()
	c := cache.New(cfg, slog.New(slog.DiscardHandler))
	rows := cache.NewRows(c, "note", note.size)
	c.Listener().Missed()
	t.Cleanup(c.Listener().Lost)
	return c, rows
}

var inProcess = cache.Config{Bytes: 1 << 20, Life: life}

func get(t *testing.T, rows cache.Rows[note], o *origin, key string) string {
	t.Helper()
	got, err := rows.Get(t.Context(), key, o.load(key))
	require.NoError(t, err)
	return got.Text
}

func TestARowIsLoadedOnceUntilItChanges(t *testing.T) {
	t.Parallel()
	c, rows := hearing(t, inProcess)
	o := &origin{notes: map[string]string{"a": "1", "b": "1"}}
	for range 3 {
		require.Equal(t, "1", get(t, rows, o, "a"))
		require.Equal(t, "1", get(t, rows, o, "b"))
	}
	require.EqualValues(t, 2, o.loads.Load())
	o.write("a", "2")
	c.Listener().Heard("note a")
	require.Equal(t, "2", get(t, rows, o, "a"))
	o.write("b", "2")
	rows.Drop("b")
	require.Equal(t, "2", get(t, rows, o, "b"))
	require.EqualValues(t, 4, o.loads.Load())
	c.Listener().Heard("*")
	get(t, rows, o, "a")
	require.EqualValues(t, 5, o.loads.Load())
	for _, foreign := range []string{"", " ", "other a", "note", "*a"} {
		c.Listener().Heard(foreign)
	}
	get(t, rows, o, "a")
	require.EqualValues(t, 5, o.loads.Load())
	require.Equal(t, []cache.Counts{{Kind: "note", Hits: 5, Misses: 5, Loads: 5}}, c.State().Kinds)
}

func TestNothingIsKeptWhileChangesAreNotHeard(t *testing.T) {
	t.Parallel()
	c := cache.New(inProcess, slog.New(slog.DiscardHandler))
	rows := cache.NewRows(c, "note", note.size)
	o := &origin{notes: map[string]string{"a": "1"}}
	for range 2 {
		get(t, rows, o, "a")
	}
	require.EqualValues(t, 2, o.loads.Load(), "before it hears for the first time")
	c.Listener().Missed()
	get(t, rows, o, "a")
	c.Listener().Lost()
	o.write("a", "2")
	require.Equal(t, "2", get(t, rows, o, "a"), "what was heard of no more is not read")
	require.Zero(t, c.State().Entries)
	c.Listener().Missed()
	require.Equal(t, "2", get(t, rows, o, "a"))
	c.Listener().Lost()
	require.EqualValues(t, 3, c.State().Kinds[0].Bypasses)
}

// A caller who leaves while somebody else loads what both want, or who has left before, has met no error of ours.
func TestACallerWhoLeavesIsToldSoWhoeverLoads(t *testing.T) {
	t.Parallel()
	_, rows := hearing(t, inProcess)
	begun, end := make(chan struct{}), make(chan struct{})
	var loading sync.WaitGroup
	defer loading.Wait()
	defer close(end)
	loading.Go(func() {
		_, err := rows.Get(t.Context(), "a", func(context.Context) (note, error) {
			close(begun)
			<-end
			return note{"1"}, nil
		})
		assert.NoError(t, err)
	})
	<-begun
	left, leave := context.WithCancel(t.Context())
	leave()
	late, tooLate := context.WithTimeout(t.Context(), 0)
	defer tooLate()
	for _, key := range []string{"a", "b"} {
		_, err := rows.Get(left, key, (&origin{}).load(key))
		require.True(t, fault.Is(err, fault.Canceled), "%s: %v", key, err)
		_, err = rows.Get(late, key, (&origin{}).load(key))
		require.True(t, fault.Is(err, fault.Deadline), "%s: %v", key, err)
	}
}

func TestOffOrWithoutACacheEverythingIsLoaded(t *testing.T) {
	t.Parallel()
	c := cache.New(cache.Config{Bytes: 0, Life: life}, slog.New(slog.DiscardHandler))
	require.Nil(t, c)
	rows := cache.NewRows(c, "note", note.size)
	o := &origin{notes: map[string]string{"a": "1"}}
	for range 3 {
		get(t, rows, o, "a")
	}
	require.EqualValues(t, 3, o.loads.Load())
	rows.Drop("a")
	c.Run(t.Context())
	require.Equal(t, cache.State{}, c.State())
}

func TestWhatThereIsNotIsNotKept(t *testing.T) {
	t.Parallel()
	c, rows := hearing(t, inProcess)
	o := &origin{notes: map[string]string{}}
	for range 3 {
		_, err := rows.Get(t.Context(), "a", o.load("a"))
		require.ErrorIs(t, err, errNone)
	}
	require.EqualValues(t, 3, o.loads.Load())
	require.Zero(t, c.State().Entries)
	o.write("a", "1")
	require.Equal(t, "1", get(t, rows, o, "a"), "no announcement is needed for a row that is made")
}

func TestARowIsKeptForItsLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rows := hearing(t, inProcess)
		defer c.Listener().Lost()
		o := &origin{notes: map[string]string{"a": "1"}}
		get(t, rows, o, "a")
		time.Sleep(life - time.Second)
		get(t, rows, o, "a")
		require.EqualValues(t, 1, o.loads.Load())
		time.Sleep(2 * time.Second)
		get(t, rows, o, "a")
		require.EqualValues(t, 2, o.loads.Load(), "however often it was read")
	})
}

func TestOfAllWhoAskAtOnceOneLoads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rows := hearing(t, inProcess)
		defer c.Listener().Lost()
		o := &origin{notes: map[string]string{"a": "1"}}
		goOn := make(chan struct{})
		slow := func(ctx context.Context) (note, error) {
			<-goOn
			return o.load("a")(ctx)
		}
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				got, err := rows.Get(t.Context(), "a", slow)
				require.NoError(t, err)
				require.Equal(t, "1", got.Text)
			})
		}
		synctest.Wait()
		close(goOn)
		group.Wait()
		require.EqualValues(t, 1, o.loads.Load())
	})
}

func TestASlowLoadDoesNotPutBackWhatWasBefore(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *cache.Cache, rows cache.Rows[note]){
		"its own write":             func(_ *cache.Cache, rows cache.Rows[note]) { rows.Drop("a") },
		"an announcement":           func(c *cache.Cache, _ cache.Rows[note]) { c.Listener().Heard("note a") },
		"all have changed":          func(c *cache.Cache, _ cache.Rows[note]) { c.Listener().Heard("*") },
		"nothing was heard, and is": func(c *cache.Cache, _ cache.Rows[note]) { c.Listener().Lost(); c.Listener().Missed() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, rows := hearing(t, inProcess)
				defer c.Listener().Lost()
				o := &origin{notes: map[string]string{"a": "before"}}
				goOn := make(chan struct{})
				var group sync.WaitGroup
				group.Go(func() {
					_, err := rows.Get(t.Context(), "a", func(ctx context.Context) (note, error) {
						read, err := o.load("a")(ctx)
						<-goOn // for ever when it loads again
						return read, err
					})
					require.NoError(t, err)
				})
				synctest.Wait() // it has read what was before
				o.write("a", "after")
				change(c, rows)
				require.Equal(t, "after", get(t, rows, o, "a"), "who asks after the change does not wait for the load before it")
				close(goOn)
				group.Wait()
				require.Equal(t, "after", get(t, rows, o, "a"))
			})
		})
	}
}

func TestACallerWhoLeavesTakesNobodyAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, rows := hearing(t, inProcess)
		defer c.Listener().Lost()
		o := &origin{notes: map[string]string{"a": "1"}}
		leaving, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			_, err := rows.Get(leaving, "a", func(ctx context.Context) (note, error) { <-ctx.Done(); return note{}, ctx.Err() })
			require.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		group.Go(func() { require.Equal(t, "1", get(t, rows, o, "a")) })
		synctest.Wait()
		leave()
		group.Wait()
	})
}

func TestARedisURLThatCanNotBeReadIsToldWithoutIt(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "secret", "http://:secret@x", "redis://:secret@x:port", "redis://:secret@x/a", "unix://:secret@",
		"redis://:secret@x\n"} {
		err := cache.CheckRedisURL(url)
		require.ErrorContains(t, err, "redis://", url)
		require.NotContains(t, err.Error(), "secret", url)
	}
	for _, url := range []string{"redis://x", "redis://:secret@x:6379/2", "rediss://user:secret@x", "unix:///tmp/x"} {
		require.NoError(t, cache.CheckRedisURL(url), url)
	}
}

func TestTwoKindsDoNotShareAName(t *testing.T) {
	t.Parallel()
	c, _ := hearing(t, inProcess)
	require.Panics(t, func() { cache.NewRows(c, "note", note.size) })
	require.Panics(t, func() { cache.NewRows(c, "two words", note.size) })
}

func TestATypeThatWouldNotComeBackFromRedisIsRefused(t *testing.T) {
	t.Parallel()
	c := cache.New(inProcess, slog.New(slog.DiscardHandler))
	type hidden struct {
		Seen   string
		hidden string
	}
	require.PanicsWithValue(t, "cache: cache_test.hidden.hidden would not come back from Redis", func() {
		cache.NewRows(c, "hidden", func(h *hidden) int { return len(h.Seen + h.hidden) })
	})
	type left struct {
		Out []string `json:"-"`
	}
	require.Panics(t, func() { cache.NewRows(c, "left", func(l []left) int { return len(l) }) })
	require.NotPanics(t, func() { cache.NewRows(c, "times", func(map[string]*time.Time) int { return 0 }) })
}
