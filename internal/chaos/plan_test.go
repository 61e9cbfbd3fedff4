package chaos

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The same seed gives the same plan; every plan holds as much trouble as was asked for, within reach.
func TestAPlanIsWhatItsSeedSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Seed: rapid.Uint64().Draw(t, "seed"), Posts: rapid.IntRange(1, 300).Draw(t, "posts"), Deadline: time.Minute}
		room := troubled(o.Posts)
		o.FaultsOfEach = rapid.IntRange(0, room/len(faultKinds)).Draw(t, "faults")
		o.Kills = rapid.IntRange(0, room-o.FaultsOfEach*len(faultKinds)).Draw(t, "kills")
		o.Restarts = rapid.IntRange(0, min(room, 5)).Draw(t, "restarts")
		require.NoError(t, o.Faults())
		p := newPlan(o)
		require.Equal(t, p, newPlan(o))

		texts := map[string]bool{}
		for _, post := range p.Posts {
			texts[post.Text] = true
			if post.Member == quietMember {
				require.Equal(t, wayNow, post.Way, "the quiet owner's posts are those whose wait says something")
			}
			require.Positive(t, post.After)
			require.Less(t, post.After, schedulable)
		}
		require.Len(t, texts, o.Posts, "no two texts are alike")
		kinds := map[string]int{}
		for number, trouble := range p.Troubles {
			kinds[trouble]++
			require.Positive(t, number)
			require.LessOrEqual(t, number, room)
		}
		for _, kind := range faultKinds {
			require.Equal(t, o.FaultsOfEach, kinds[kind], kind)
		}
		require.Equal(t, o.Kills, kinds[killBefore]+kinds[killAfter]+kinds[killOther])
		require.Len(t, p.Restarts, o.Restarts)
	})
}

func TestAnotherSeedIsAnotherPlan(t *testing.T) {
	t.Parallel()
	o := Options{Seed: 1, Posts: 60, Kills: 15, FaultsOfEach: 3}
	first := newPlan(o)
	o.Seed = 2
	require.NotEqual(t, first.Troubles, newPlan(o).Troubles)
}

func TestOptionsThatCanNotWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options Options
		says    string
	}{
		"no posts":        {Options{}, "--posts must be 1 to 10000 and is 0"},
		"too many posts":  {Options{Posts: 10_001}, "--posts must be 1 to 10000 and is 10001"},
		"fewer than none": {Options{Posts: 60, Kills: -1}, "--kills, --restarts and --faults-of-each must not be negative"},
		"too much trouble": {Options{Posts: 60, Kills: 31, FaultsOfEach: 3},
			"--kills and --faults-of-each make 46 troubles, and --restarts 0: 60 posts have room for 45"},
		"too many restarts": {Options{Posts: 4, Restarts: 4}, "--kills and --faults-of-each make 0 troubles, and --restarts 4: 4 posts have room for 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, c.options.Faults(), c.says)
		})
	}
}

// `just chaos-broken` breaks the code with a patch, which has to be made anew when the code around it changes.
func TestThePatchOfTheBrokenTreeFitsTheCode(t *testing.T) {
	t.Parallel()
	check := exec.CommandContext(t.Context(), "git", "apply", "--check", "internal/chaos/testdata/attempt-after-call.patch")
	check.Dir = "../.."
	said, err := check.CombinedOutput()
	require.NoError(t, err, "%s", said)
}
