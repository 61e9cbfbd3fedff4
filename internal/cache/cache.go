// Package cache keeps rows that are read often, so that reading one again touches no database.
//
// It owns where the rows lie (in this process, and in a Redis that several share), for how long, within how many bytes, and when
// they are forgotten: it hears on the channel row_changed of PostgreSQL which rows have changed, and while it does not hear, it
// keeps nothing. The rows themselves are values that their owners hand in by Rows.
//
// It must not know what the rows are or whose: a key names one row for one asker, and who asks for it is known to be allowed to
// by whoever loaded it. It is an optimisation: a nil *Cache reads everything from where the rows come from, and all is right.
package cache

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/postwright/postwright/internal/postgres"
)

// Channel is where the database announces each change of a row that may be kept here, with the row's name as the payload: its kind,
// a space, its key. Triggers do it, so that no path to the row can forget.
const Channel = "row_changed"

// Everything is the name that stands for all rows.
const Everything = "*"

// Config says how much is kept, and where.
type Config struct {
	// Bytes bounds what is kept in this process, about; 0 keeps nothing anywhere.
	Bytes int
	// Life is for how long a row is kept at most.
	Life time.Duration
	// RedisURL leads to a Redis in which processes share what they have read, as redis://, rediss:// or unix://; "" for none.
	RedisURL string
	// Place tells the databases apart whose rows lie in one Redis.
	Place string
}

// Cache is what one process keeps. Everything on it may be called at once, and on a nil Cache, which keeps nothing.
type Cache struct {
	bytes  uint64
	life   time.Duration
	kinds  map[string]*kind
	shared *shared // nil without Redis

	near      atomic.Pointer[near] // nil while changes are not heard: then nothing is kept
	evictions atomic.Uint64
}

// kind is what rows of one kind have in common.
type kind struct {
	name   string
	schema string // of the value, as it is written for Redis
	counts counts
}

// New returns a Cache that keeps nothing until its Listener hears; nil, which never does, where cfg.Bytes is 0. The RedisURL is one
// that CheckRedisURL finds nothing wrong with.
func New(cfg Config, log *slog.Logger) *Cache {
	if cfg.Bytes <= 0 {
		return nil
	}
	c := &Cache{bytes: uint64(cfg.Bytes), life: cfg.Life, kinds: map[string]*kind{}}
	if cfg.RedisURL != "" {
		c.shared = newShared(cfg, c.forget, log)
	}
	return c
}

// Run keeps up the connection to Redis until ctx ends. Without Redis there is nothing to do.
func (c *Cache) Run(ctx context.Context) {
	if c != nil && c.shared != nil {
		c.shared.run(ctx)
	}
}

// Listener hears which rows have changed, for postgres.Store's Listen.
func (c *Cache) Listener() postgres.Listener {
	return postgres.Listener{Channel: Channel, Heard: c.drop, Missed: c.begin, Lost: c.end}
}

// begin keeps rows from now on: whatever commits is heard. What was kept before may have changed unheard. That goes for Redis
// too, where others may have put rows before.
func (c *Cache) begin() {
	if c.shared != nil {
		c.shared.distrust()
	}
	c.keep(c.newNear())
}

// end keeps nothing from now on.
func (c *Cache) end() {
	c.keep(nil)
	if c.shared != nil {
		c.shared.distrust()
	}
}

// keep takes a new near, rather than to empty the old one: a load that began before puts its row where nobody looks any more.
func (c *Cache) keep(next *near) {
	if old := c.near.Swap(next); old != nil {
		old.StopAllGoroutines()
	}
}

// drop forgets a row by its name, here and in Redis. From when it returns, no read gives what the row was before.
func (c *Cache) drop(name string) {
	if name == Everything {
		if c.near.Load() != nil {
			c.begin()
		}
		return
	}
	if c.shared != nil {
		if kind := c.kindOf(name); kind != nil {
			c.shared.drop(c.shared.key(kind, name)) // before near, so that none of its loads reads there again what was
		}
	}
	if near := c.near.Load(); near != nil {
		near.Invalidate(name)
	}
}

// forget drops a row, of which another process has told Redis that it changed, from this process alone. It only hurries: what must
// be dropped is announced. So a row that is just being loaded is left alone; who fills Redis would else keep others from it.
func (c *Cache) forget(name string) {
	if near := c.near.Load(); near != nil {
		if _, kept := near.GetEntryQuietly(name); kept {
			near.Invalidate(name)
		}
	}
}

func (c *Cache) kindOf(name string) *kind {
	of, _, _ := strings.Cut(name, " ")
	return c.kinds[of]
}

// near is what this process keeps, by name.
type near = otter.Cache[string, entry]

// entry is a row that is kept.
type entry struct {
	row  any // a *V of the Rows[V] that put it there
	size int
	life time.Duration
}

// overhead is about what an entry takes beside its name and its row, in bytes: TestTheBoundIsAboutWhatTheProcessTakes measures it.
const overhead = 250

func (c *Cache) newNear() *near {
	return otter.Must(&otter.Options[string, entry]{
		MaximumWeight: c.bytes,
		Weigher: func(name string, e entry) uint32 {
			return uint32(min(len(name)+e.size+overhead, math.MaxUint32)) //nolint:gosec // G115: bounded in the line itself
		},
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, entry]) time.Duration { return e.Value.life }),
		Executor:         func(do func()) { do() }, // on the caller's goroutine: none is left behind
		StatsRecorder:    evictionCounter{&c.evictions},
	})
}

// Rows are the rows of one kind.
type Rows[V any] struct {
	cache *Cache
	kind  *kind
	size  func(V) int
}

// NewRows returns the rows of a kind, which cache keeps from now on. There is one for each kind, made before the cache is used. size
// is about how many bytes a row takes in memory. What is handed out is shared: nobody may change what a row points to.
//
// A row lies in Redis as JSON, under the kind and a mark of its type's fields: two builds side by side that know other fields don't
// read each other's. A type with fields that JSON leaves out is refused.
func NewRows[V any](cache *Cache, name string, size func(V) int) Rows[V] {
	if cache == nil {
		return Rows[V]{}
	}
	if _, twice := cache.kinds[name]; twice || name == "" || strings.ContainsAny(name, " *") {
		panic(fmt.Sprintf("cache: %q can't name a kind, or does already", name)) // a constant of whoever calls
	}
	kind := &kind{name: name, schema: schemaOf[V]()}
	cache.kinds[name] = kind
	return Rows[V]{cache: cache, kind: kind, size: size}
}

// Get returns the row of a key, which load reads from where it comes from when it is not kept. Of all who ask for a key at once one
// loads. What load fails with goes to those who wait for it, and is not kept.
func (r Rows[V]) Get(ctx context.Context, key string, load func(ctx context.Context) (V, error)) (V, error) {
	if r.cache == nil {
		return load(ctx)
	}
	near := r.cache.near.Load()
	if near == nil {
		r.kind.counts.bypasses.Add(1)
		return load(ctx)
	}
	name := r.kind.name + " " + key
	kept, ok := near.GetIfPresent(name)
	if ok {
		r.kind.counts.hits.Add(1)
		return *kept.row.(*V), nil //nolint:errcheck // names of a kind have rows of one type
	}
	r.kind.counts.misses.Add(1)
	kept, err := near.Get(ctx, name, otter.LoaderFunc[string, entry](func(ctx context.Context, _ string) (entry, error) {
		return r.fetch(ctx, name, load)
	}))
	if err != nil {
		var none V
		if ctx.Err() != nil { // which otter, where somebody else loads, tells as it is
			err = postgres.Fault(ctx, err)
		}
		return none, err
	}
	return *kept.row.(*V), nil //nolint:errcheck // as above
}

// Drop forgets rows at once, for whoever has changed them: the announcement comes a moment later.
func (r Rows[V]) Drop(keys ...string) {
	if r.cache == nil {
		return
	}
	for _, key := range keys {
		r.cache.drop(r.kind.name + " " + key)
	}
}

// fetch takes a row from Redis, or else loads it and puts it there.
func (r Rows[V]) fetch(ctx context.Context, name string, load func(context.Context) (V, error)) (entry, error) {
	var place lease
	if shared := r.cache.shared; shared != nil {
		var found []byte
		var life time.Duration
		found, life, place = shared.get(ctx, shared.key(r.kind, name))
		var row V
		if found != nil && json.Unmarshal(found, &row) == nil {
			r.kind.counts.shared.Add(1)
			return r.entry(row, min(life, r.cache.life)), nil
		}
	}
	row, err := load(ctx)
	if err != nil {
		return entry{}, err
	}
	r.kind.counts.loads.Add(1)
	if place.held() {
		if text, err := json.Marshal(row); err == nil {
			r.cache.shared.put(ctx, place, text)
		}
	}
	return r.entry(row, r.cache.life), nil
}

func (r Rows[V]) entry(row V, life time.Duration) entry {
	return entry{row: &row, size: r.size(row), life: life}
}

// schemaOf marks the fields of a type, their types and JSON names, all the way down. It panics where JSON would leave out a field.
func schemaOf[V any]() string {
	var text strings.Builder
	describe(&text, reflect.TypeFor[V](), map[reflect.Type]bool{})
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:4])
}

// What these write, they answer for.
var jsonMarshaler, textMarshaler = reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()

func describe(text *strings.Builder, t reflect.Type, seen map[reflect.Type]bool) {
	fmt.Fprintf(text, "%s %s", t, t.Kind())
	if seen[t] || t.Implements(jsonMarshaler) || t.Implements(textMarshaler) {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		describe(text, t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || f.Tag.Get("json") == "-" {
				panic(fmt.Sprintf("cache: %s.%s would not come back from Redis", t, f.Name)) // a type of whoever calls
			}
			fmt.Fprintf(text, "{%s %q ", f.Name, f.Tag)
			describe(text, f.Type, seen)
			text.WriteString("}")
		}
	}
}
