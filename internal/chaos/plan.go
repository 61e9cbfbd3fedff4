// Package chaos proves the one promise of publishing by killing processes: it runs three nodes against a PostgreSQL and a
// LinkedIn of its own, publishes posts while it kills nodes, restarts the database and lets LinkedIn fail, and then
// compares what LinkedIn has with what the database says.
//
// It owns the plan, the processes, the witness between nodes and LinkedIn, and the check. It uses the service only as its
// users do: by its commands, its API, and by reading its tables at the end. It must not know how publishing works.
package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Options say what is run.
type Options struct {
	// Seed decides the plan: the same seed, the same plan.
	Seed uint64
	// Posts, Kills and Restarts are how many posts are published, how often a node is killed, and how often PostgreSQL is
	// restarted, every second time without letting it shut down.
	Posts, Kills, Restarts int
	// FaultsOfEach is how often each of LinkedIn's faults hits.
	FaultsOfEach int
	// Deadline bounds the whole run.
	Deadline time.Duration
}

// Faults lists everything that is wrong with the options.
func (o Options) Faults() error {
	troubles := o.Kills + o.FaultsOfEach*len(faultKinds)
	switch {
	case o.Posts < 1 || o.Posts > 10_000:
		return fmt.Errorf("--posts must be 1 to 10000 and is %d", o.Posts)
	case o.Kills < 0 || o.Restarts < 0 || o.FaultsOfEach < 0:
		return fmt.Errorf("--kills, --restarts and --faults-of-each must not be negative")
	case troubles > troubled(o.Posts) || o.Restarts > troubled(o.Posts):
		return fmt.Errorf("--kills and --faults-of-each make %d troubles, and --restarts %d: %d posts have room for %d",
			troubles, o.Restarts, o.Posts, troubled(o.Posts))
	}
	return nil
}

// How a post is brought on its way.
const (
	wayNow   = "immediate"
	wayLater = "scheduled"
	wayBatch = "batch"
)

// What happens when a create arrives at LinkedIn.
const (
	killBefore     = "kill the sender before LinkedIn acts"
	killAfter      = "kill the sender after LinkedIn has accepted"
	killOther      = "kill another node"
	acceptThenDrop = "accept_then_drop"
	drop           = "drop"
	slow           = "slow"
	error500       = "500"
	limit429       = "429"
)

var (
	killKinds  = []string{killBefore, killAfter, killOther}
	faultKinds = []string{acceptThenDrop, drop, slow, error500, limit429}
)

const (
	batchSize   = 50
	members     = 4 // of the loud owner, whose posts come all at once
	quietMember = members
	quietEvery  = 6                // posts, one is the quiet owner's: all immediate, as a multiple of 3
	schedulable = 20 * time.Second // how far ahead scheduled posts lie at most
)

// planned is one post to be published.
type planned struct {
	Index  int
	Way    string
	After  time.Duration // for a scheduled one
	Member int           // whose account it goes out with; quietMember's owner has no other
	Text   string        // unlike any other's
}

// plan is everything that the seed decides. What it can't decide is which create arrives as which: that is the machine's
// scheduling.
type plan struct {
	Posts []planned
	// Troubles is what happens when the create with this number, counted from 1, arrives at LinkedIn.
	Troubles map[int]string
	// Restarts are the numbers of the creates at which PostgreSQL is restarted, in order.
	Restarts []int
}

// troubled is how many of the creates may meet trouble: the first three quarters of as many as there are posts. A post
// whose sender dies before it sends is never a create, so the last ones may not come.
func troubled(posts int) int { return posts * 3 / 4 }

func newPlan(o Options) plan {
	dice := rand.New(rand.NewPCG(o.Seed, 1))
	p := plan{Troubles: map[int]string{}}
	for i := range o.Posts {
		way := []string{wayNow, wayLater, wayBatch}[i%3]
		after, member := 2*time.Second+time.Duration(dice.Int64N(int64(schedulable-2*time.Second))), dice.IntN(members)
		if i%quietEvery == 0 {
			member = quietMember
		}
		p.Posts = append(p.Posts, planned{
			Index: i, Way: way, After: after, Member: member,
			Text: fmt.Sprintf("Chaos %d, post %d: %08x", o.Seed, i, dice.Uint32()),
		})
	}
	var troubles []string
	for i := range o.Kills {
		troubles = append(troubles, killKinds[i%len(killKinds)])
	}
	for range o.FaultsOfEach {
		troubles = append(troubles, faultKinds...)
	}
	dice.Shuffle(len(troubles), func(i, j int) { troubles[i], troubles[j] = troubles[j], troubles[i] })
	numbers := dice.Perm(troubled(o.Posts))
	for i, trouble := range troubles {
		p.Troubles[numbers[i]+1] = trouble
	}
	for range o.Restarts {
		p.Restarts = append(p.Restarts, 1+dice.IntN(troubled(o.Posts)))
	}
	slices.Sort(p.Restarts)
	return p
}

// by are the posts that are brought on their way like this.
func (p plan) by(way string) (posts []planned) {
	for _, post := range p.Posts {
		if post.Way == way {
			posts = append(posts, post)
		}
	}
	return posts
}
