package engagement_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/engagement"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// made are posts at different times, with and without questions and hashtags, that come to what a function says.
func made(n int, comesTo func(engagement.Post, *rand.Rand) float64) (all []engagement.Published) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		p := engagement.Post{
			Content:   strings.Repeat("word ", 10+random.IntN(200)),
			At:        monday.Add(time.Duration(i)*31*time.Hour + time.Duration(random.IntN(60))*time.Minute),
			Sentiment: random.Float64()*2 - 1,
		}
		if random.IntN(2) == 0 {
			p.Content += "\nWhat do you think?"
		}
		for tag := range random.IntN(4) {
			p.Hashtags = append(p.Hashtags, fmt.Sprintf("tag%c", 'a'+tag))
		}
		all = append(all, engagement.Published{Post: p, ID: fmt.Sprint(i), Engagement: comesTo(p, random)})
	}
	return all
}

func asks(p engagement.Post) bool { return strings.Contains(p.Content, "?") }

func TestAPlantedSignalIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lifts     func(engagement.Post) bool
		trait     string
		with, not engagement.Post
	}{
		"a question": {asks, engagement.Question,
			engagement.Post{Content: strings.Repeat("word ", 100) + "\nReally?", At: monday},
			engagement.Post{Content: strings.Repeat("word ", 100) + "\nReally.", At: monday}},
		"the morning": {func(p engagement.Post) bool { return p.At.Hour() >= 6 && p.At.Hour() < 12 }, engagement.Hour,
			engagement.Post{Content: "word", At: monday.Add(9 * time.Hour)}, engagement.Post{Content: "word", At: monday.Add(21 * time.Hour)}},
		"a weekday": {func(p engagement.Post) bool { return p.At.Weekday() == time.Tuesday }, engagement.Weekday,
			engagement.Post{Content: "word", At: monday.Add(33 * time.Hour)}, engagement.Post{Content: "word", At: monday.Add(9 * time.Hour)}},
		"a long text": {func(p engagement.Post) bool { return len(p.Content) > 500 }, engagement.Length,
			engagement.Post{Content: strings.Repeat("word ", 200), At: monday}, engagement.Post{Content: strings.Repeat("word ", 11), At: monday}},
		"hashtags": {func(p engagement.Post) bool { return len(p.Hashtags) > 1 }, engagement.Hashtag,
			engagement.Post{Content: "word", Hashtags: []string{"a", "b", "c"}, At: monday}, engagement.Post{Content: "word", At: monday}},
		"a good mood": {func(p engagement.Post) bool { return p.Sentiment > 0 }, engagement.Sentiment,
			engagement.Post{Content: "word", Sentiment: 0.8, At: monday}, engagement.Post{Content: "word", Sentiment: -0.8, At: monday}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			history := made(200, func(p engagement.Post, random *rand.Rand) float64 {
				typical := 20 + 10*random.Float64()
				if c.lifts(p) {
					return 4 * typical
				}
				return typical
			})
			with, without := engagement.Predict(history, c.with, time.UTC), engagement.Predict(history, c.not, time.UTC)
			require.True(t, with.Better, "%+v", with)
			require.Less(t, with.Error, with.PlainError)
			require.Greater(t, with.Engagement, 1.5*without.Engagement)
			strongest := ""
			best := 0.0
			for _, f := range with.Factors {
				if f.Factor > best {
					strongest, best = f.Trait, f.Factor
				}
			}
			require.Equal(t, c.trait, strongest, "%+v", with.Factors)
		})
	}
}

// What comes by chance alone is claimed to be known one time in twenty at most, with few posts too.
func TestNoSignalIsFoundWhereThereIsNone(t *testing.T) {
	t.Parallel()
	const histories = 300
	for _, posts := range []int{engagement.Least, 30, 60, 200} {
		better := 0
		for seed := range uint64(histories) {
			random := rand.New(rand.NewPCG(seed, 3))
			history := made(posts, func(engagement.Post, *rand.Rand) float64 { return math.Exp(3 + random.NormFloat64()) })
			found := engagement.Predict(history, history[0].Post, time.UTC)
			if found.Better {
				better++
				continue
			}
			require.Empty(t, found.Factors)
			other := engagement.Predict(history, history[1].Post, time.UTC)
			require.Equal(t, found, other, "the average is said of every post")
		}
		t.Logf("%d posts: %d of %d histories", posts, better, histories)
		require.LessOrEqual(t, better, histories/20, "%d posts", posts)
	}
}

func anyHistory(t *rapid.T) []engagement.Published {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) engagement.Published {
		return engagement.Published{
			Post: anyPost(t), ID: fmt.Sprint(rapid.IntRange(0, 1_000_000).Draw(t, "id")),
			Engagement: rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(-10, 1e6), rapid.Just(7.0)).Draw(t, "engagement"),
		}
	}), engagement.Least, 60, func(p engagement.Published) string { return p.ID }).Draw(t, "history")
}

func anyPost(t *rapid.T) engagement.Post {
	return engagement.Post{
		Content:   rapid.OneOf(rapid.Just("same"), rapid.String()).Draw(t, "content"),
		Hashtags:  rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,5}`), 0, 4).Draw(t, "hashtags"),
		At:        time.Unix(rapid.OneOf(rapid.Just(int64(1_770_000_000)), rapid.Int64Range(0, 4e9)).Draw(t, "at"), 0),
		Sentiment: rapid.Float64Range(-1, 1).Draw(t, "sentiment"),
	}
}

func TestAForecastIsANumberWithinWhatPostsCameTo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := anyHistory(t)
		low, high := math.Inf(1), 0.0
		for _, p := range history {
			low, high = min(low, max(p.Engagement, 0)), max(high, p.Engagement)
		}
		f := engagement.Predict(history, anyPost(t), time.UTC)
		for _, n := range []float64{f.Engagement, f.Error, f.PlainError} {
			require.False(t, math.IsNaN(n) || math.IsInf(n, 0), "%+v", f)
			require.GreaterOrEqual(t, n, 0.0)
		}
		for _, factor := range f.Factors {
			require.False(t, math.IsNaN(factor.Factor) || math.IsInf(factor.Factor, 0), "%+v", f)
		}
		require.GreaterOrEqual(t, f.Engagement, low-1e-6*(1+low))
		require.LessOrEqual(t, f.Engagement, high+1e-6*(1+high))
		require.Equal(t, f.Better, len(f.Factors) > 0)
	})
}

func TestTheOrderOfPostsMakesNoDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := anyHistory(t)
		next := anyPost(t)
		shuffled := rapid.Permutation(history).Draw(t, "shuffled")
		require.Equal(t, engagement.Predict(history, next, time.UTC), engagement.Predict(shuffled, next, time.UTC))
		require.Equal(t, engagement.BestTimes(history, time.UTC), engagement.BestTimes(shuffled, time.UTC))
	})
}

func TestBestTimesCountEveryPostOnceOnTheClocksOfTheZone(t *testing.T) {
	t.Parallel()
	tokyo := time.FixedZone("", 9*60*60)
	rapid.Check(t, func(t *rapid.T) {
		history := anyHistory(t)
		times := engagement.BestTimes(history, tokyo)
		hours, days := 0, 0
		for _, slot := range times.Hours {
			hours += slot.Posts
			require.Equal(t, slot.Posts >= engagement.LeastAtATime, slot.Median != nil)
		}
		for _, slot := range times.Weekdays {
			days += slot.Posts
			require.Equal(t, slot.Posts >= engagement.LeastAtATime, slot.Median != nil)
		}
		require.Equal(t, []int{len(history), len(history), len(history)}, []int{times.Posts, hours, days})
		shifted := make([]engagement.Published, len(history))
		for i, p := range history {
			shifted[i] = p
			shifted[i].At = p.At.Add(9 * time.Hour)
		}
		require.Equal(t, times, engagement.BestTimes(shifted, time.UTC))
	})
}

func TestTheMedianOfATime(t *testing.T) {
	t.Parallel()
	var history []engagement.Published
	for i := range engagement.Least {
		history = append(history, engagement.Published{Post: engagement.Post{At: monday.Add(8 * time.Hour)}, Engagement: float64(i)})
	}
	times := engagement.BestTimes(history, time.UTC)
	require.InDelta(t, 9.5, *times.Hours[8].Median, 1e-9)
	require.InDelta(t, 9.5, *times.Weekdays[0].Median, 1e-9, "Monday is the first")
	require.Nil(t, times.Hours[9].Median)
	require.Nil(t, engagement.BestTimes(history[1:], time.UTC).Hours[8].Median, "of less than it takes nothing is known")
}
