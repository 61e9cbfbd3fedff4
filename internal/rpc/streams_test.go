package rpc

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
)

func quiet(int) {}

func TestAnOwnerWhoseShareOfStreamsIsUsedUpIsTold(t *testing.T) {
	t.Parallel()
	open := newStreams(10, 2, quiet)
	ada := uuid.New()
	release, err := open.take(ada)
	require.NoError(t, err)
	_, err = open.take(ada)
	require.NoError(t, err)
	_, err = open.take(ada)
	told := fault.Of(err)
	require.Equal(t, fault.OverLimit, told.Kind)
	require.Equal(t, "TOO_MANY_STREAMS", told.Reason)
	require.Equal(
		t,
		"You have 2 streams open and may have 2 at once: close some and call again, or follow posts with GetPost. This call did nothing.",
		told.Message,
	)
	release()
	_, err = open.take(ada)
	require.NoError(t, err, "one has ended")
}

func TestAThousandStreamsOfOneOwnerLeaveAnotherTheirPart(t *testing.T) {
	t.Parallel()
	const total = 1000
	open := newStreams(total, total, quiet)
	ada, bob, eve := uuid.New(), uuid.New(), uuid.New()
	require.Equal(t, total, takeAll(open, ada))
	require.Equal(t, total/2, takeAll(open, bob))
	require.Equal(t, total/3, takeAll(open, eve))
}

func TestWithMoreOwnersThanStreamsEachHasOne(t *testing.T) {
	t.Parallel()
	open := newStreams(3, 3, quiet)
	for range 10 {
		require.Positive(t, takeAll(open, uuid.New()))
	}
}

// takeAll opens streams of an owner until one is refused, and says how many there are.
func takeAll(open *streams, owner uuid.UUID) int {
	for n := 0; ; n++ {
		if _, err := open.take(owner); err != nil {
			return n
		}
	}
}

func TestStreamsAreSharedByTheseLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(1, 12).Draw(t, "total")
		perOwner := rapid.IntRange(1, total).Draw(t, "per owner")
		gauge := 0
		open := newStreams(total, perOwner, func(change int) { gauge += change })
		owners := make([]uuid.UUID, 5)
		for i := range owners {
			owners[i] = uuid.New()
		}
		mine := map[uuid.UUID][]func(){}
		count := func() (all int) {
			for _, releases := range mine {
				all += len(releases)
			}
			return all
		}
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				owner := rapid.SampledFrom(owners).Draw(t, "owner")
				before, full := len(mine[owner]), count() >= total
				release, err := open.take(owner)
				if err == nil {
					mine[owner] = append(mine[owner], release)
				}
				switch {
				case before == 0 && err != nil:
					t.Fatal("an owner without a stream was refused one")
				case before >= perOwner && err == nil:
					t.Fatal("an owner has more than one may have")
				case before < perOwner && !full && err != nil:
					t.Fatal("refused although there was room")
				case before < total/len(owners) && before < perOwner && err != nil:
					t.Fatal("refused an equal part")
				case full && before > 0 && before >= total/max(1, len(mine)) && err == nil:
					t.Fatal("more than an equal part of what is full")
				}
			},
			"end": func(t *rapid.T) {
				owner := rapid.SampledFrom(owners).Draw(t, "owner")
				if len(mine[owner]) == 0 {
					t.Skip()
				}
				mine[owner][0]()
				if mine[owner] = mine[owner][1:]; len(mine[owner]) == 0 {
					delete(mine, owner)
				}
			},
			"": func(t *rapid.T) {
				if gauge != count() {
					t.Fatalf("%d are open and %d are counted", count(), gauge)
				}
				if len(open.byOwner) > count() {
					t.Fatal("an owner without a stream is remembered")
				}
			},
		})
	})
}
