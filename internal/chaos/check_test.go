package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var began = time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC)

func at(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }

func ended(seconds float64) *time.Time { t := at(seconds); return &t }

// honest is the evidence of a run in which all went well: one post published, and one whose sender died after LinkedIn had
// accepted it, settled by a person.
func honest() evidence {
	published := post{
		ID: "1", Text: "plain", State: "published", URN: "urn:li:share:1", Approvals: 1,
		Attempts: []attempt{{Number: 1, Outcome: "accepted", Started: at(0), Ended: ended(1)}},
	}
	doubtful := post{
		ID: "2", Text: "doubtful", State: "unconfirmed", Approvals: 1,
		Attempts: []attempt{{Number: 1, Outcome: "in_doubt", Code: codeProcessDied, Started: at(0), Ended: ended(30)}},
	}
	settled := doubtful
	settled.State, settled.URN = "published", "urn:li:share:2"
	settled.Attempts = []attempt{
		{Number: 1, Outcome: "in_doubt", Code: codeProcessDied, Settlement: "person_published", Started: at(0), Ended: ended(30)},
	}
	return evidence{
		Planned: []planned{{Text: "plain", Way: wayNow}, {Text: "doubtful", Way: wayBatch}},
		Posts:   []post{published, doubtful},
		Settled: []post{published, settled},
		Ledger:  []entry{{Text: "plain", URN: "urn:li:share:1"}, {Text: "doubtful", URN: "urn:li:share:2"}},
		Creates: []create{
			{Number: 1, Node: 0, Text: "plain", Arrived: at(0.1), Ended: at(0.9), Status: 201},
			{Number: 2, Node: 1, Text: "doubtful", Arrived: at(0.2), Ended: at(0.8)},
		},
		Kills: []kill{{Node: 1, At: at(0.7)}},
	}
}

func TestAnHonestRunPasses(t *testing.T) {
	t.Parallel()
	v := check(honest())
	require.True(t, v.passed(), "%v", v.findings())
	require.Equal(
		t,
		"chaos: PASS seed=7 posts=2 kills=1 restarts=0 creates_sent=2 rejected=0 published=1 failed=0 unconfirmed=1 overtaken=0 held_up=0 "+
			"doubles=0 unrecorded=0 lost=0 false_published=0 false_failed=0 unexplained=0 unsettled=0 delayed=0 missed=0 trouble=0",
		v.line(Options{Seed: 7, Posts: 2}),
	)
}

// Every way in which a run can be wrong is found, and under its own name alone.
func TestWhatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, finding string
		spoil         func(e *evidence)
	}{
		{"one approval, two creates", "double", func(e *evidence) {
			e.Ledger = append(e.Ledger, entry{Text: "plain", URN: "urn:li:share:3"})
		}},
		{"two creates sent, one attempt written down", "unrecorded", func(e *evidence) {
			e.Creates = append(e.Creates, create{Number: 3, Text: "plain", Arrived: at(0.5), Ended: at(0.6), Status: 429})
		}},
		{"a planned post is not there", "lost", func(e *evidence) {
			e.Posts, e.Settled = e.Posts[1:], e.Settled[1:]
		}},
		{"a post never came to rest", "lost", func(e *evidence) {
			e.Posts[1].State, e.Posts[1].Attempts = "queued", nil
			e.Creates = e.Creates[:1]
		}},
		{"an attempt never ended", "lost", func(e *evidence) {
			e.Posts[1].Attempts = []attempt{{Number: 1, Outcome: "started", Started: at(0)}}
		}},
		{"published, and LinkedIn lacks it", "false_published", func(e *evidence) {
			e.Ledger = e.Ledger[1:]
		}},
		{"published, and LinkedIn has it under another name", "false_published", func(e *evidence) {
			e.Ledger[0].URN = "urn:li:share:9"
		}},
		{"failed, and LinkedIn has it", "false_failed", func(e *evidence) {
			e.Posts[0].State, e.Posts[0].URN = "failed", ""
			e.Settled[0].State, e.Settled[0].URN = "failed", ""
		}},
		{"settled as failed, and LinkedIn has it", "false_failed", func(e *evidence) {
			e.Settled[1].State, e.Settled[1].URN, e.Settled[1].Attempts[0].Settlement = "failed", "", "person_not_published"
		}},
		{"in doubt, and nobody died", "unexplained", func(e *evidence) {
			e.Kills = nil
		}},
		{"still in doubt after settling", "unsettled", func(e *evidence) {
			e.Settled[1].State, e.Settled[1].URN = "unconfirmed", ""
		}},
		{"published after settling, and an attempt still in doubt", "unsettled", func(e *evidence) {
			e.Settled[1].Attempts[0].Settlement = ""
		}},
		{"one post of a quiet owner's waits for a loud one's", "delayed", func(e *evidence) { crowd(e, mostOvertaken+1) }},
		{"… beyond the time for which LinkedIn asked to send nothing of theirs", "delayed", func(e *evidence) {
			crowd(e, mostOvertaken+1)
			limit(e, 9.5)
		}},
		{"the turns of a quiet owner's posts all came to nothing", "missed", func(e *evidence) {
			crowd(e, mostOvertaken+1)
			for i := range e.Posts {
				e.Posts[i].LostTurn = ended(10.2)
			}
		}},
		{"a fault that met no create", "missed", func(e *evidence) { e.Missed = []string{"retry_after 1: no create met it"} }},
		{"a node that ended by itself", "trouble", func(e *evidence) { e.Trouble = []string{"node 2 ended by itself"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := honest()
			c.spoil(&e)
			v := check(e)
			require.False(t, v.passed())
			for name, found := range v.findings() {
				if name == c.finding {
					require.NotEmpty(t, found, name)
				} else {
					require.Empty(t, found, name)
				}
			}
			require.True(t, strings.HasPrefix(v.line(Options{}), "chaos: FAIL "))
		})
	}
}

// crowd adds three posts of a quiet owner, the last of which so many attempts of a loud owner's posts overtook while it was the
// next.
func crowd(e *evidence, many int) {
	for i := range many {
		e.add(fmt.Sprintf("loud %d", i), 0, 10, 11)
	}
	e.add("in time", quietMember, 10, 10.5)
	e.add("second of theirs", quietMember, 10, 10.7)
	e.add("late", quietMember, 10, 12)
}

// add adds a post that was approved, sent and published.
func (e *evidence) add(text string, member int, approved, started float64) {
	p := post{
		ID: text, Text: text, State: "published", URN: "urn:li:share:" + text, Approvals: 1, Approved: at(approved),
		Attempts: []attempt{{Number: 1, Outcome: "accepted", Started: at(started), Ended: ended(started + 1)}},
	}
	e.Planned = append(e.Planned, planned{Text: text, Way: wayNow, Member: member})
	e.Posts, e.Settled = append(e.Posts, p), append(e.Settled, p)
	e.Ledger = append(e.Ledger, entry{Text: text, URN: p.URN})
}

// That is about a call's length, and no delay.
func TestAFewMayGetAheadOfAQuietOwner(t *testing.T) {
	t.Parallel()
	e := honest()
	crowd(&e, mostOvertaken)
	v := check(e)
	require.True(t, v.passed(), "%v", v.findings())
	require.Equal(t, mostOvertaken, v.Overtaken)
	require.InDelta(t, 3, callLengths(v.Overtaken), 0)
}

// limit has LinkedIn refuse a create of the quiet owner's account, and take none of its posts for a while.
func limit(e *evidence, answered float64) {
	e.add("refused at first", quietMember, 8, 12.1)
	refused := &e.Posts[len(e.Posts)-1]
	refused.Attempts = slices.Insert(refused.Attempts, 0,
		attempt{Number: 1, Outcome: "rejected", Code: "RATE_LIMITED", Started: at(9), Ended: ended(answered)})
}

// A quiet owner's posts that wait because LinkedIn takes none of theirs wait for nobody else.
func TestAnAccountThatIsHeldIsOvertakenByNobody(t *testing.T) {
	t.Parallel()
	e := honest()
	crowd(&e, mostOvertaken+1) // all begin at 11
	limit(&e, 10.5)
	v := check(e)
	require.True(t, v.passed(), "%v", v.findings())
	require.Zero(t, v.Overtaken)
}

// A quiet owner's posts that wait for each other wait for nobody else.
func TestAnOwnersOwnQueueIsNoDelay(t *testing.T) {
	t.Parallel()
	e := honest()
	const turns = 3
	for turn := range turns {
		for i := range mostOvertaken {
			e.add(fmt.Sprintf("loud %d.%d", turn, i), 0, 10, 11+float64(turn))
		}
		e.add(fmt.Sprintf("quiet %d", turn), quietMember, 10, 11.5+float64(turn))
	}
	v := check(e)
	require.True(t, v.passed(), "%v", v.findings())
	require.Equal(t, mostOvertaken, v.Overtaken)
}

// A turn that came to nothing is no unfairness, if it came before the attempt.
func TestAPostThatHadItsTurnIsNotDelayed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		lost   *time.Time
		passes bool
	}{
		{"no turn was lost", nil, false},
		{"one was lost before the attempt", ended(11), true},
		{"one was lost after the attempt: the process died while it sent", ended(13), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := honest()
			crowd(&e, mostOvertaken+1)
			late := &e.Posts[len(e.Posts)-1]
			require.Equal(t, "late", late.Text)
			late.LostTurn = c.lost
			v := check(e)
			require.Equal(t, c.passes, v.passed(), "%v", v.findings())
		})
	}
}

// A doubt needs a reason that the attempt itself met.
func TestWhatExplainsADoubt(t *testing.T) {
	t.Parallel()
	sent := func(c create) evidence { c.Node, c.Arrived = 1, at(0.5); return evidence{Creates: []create{c}} }
	with := func(e evidence, kills []kill, outages ...outage) evidence {
		e.Kills, e.Outages = kills, outages
		return e
	}
	answered := create{Ended: at(0.6), Status: 201}
	for _, c := range []struct {
		name      string
		code      string
		evidence  evidence
		explained bool
	}{
		{"LinkedIn broke the connection", "UNREACHABLE", sent(create{Ended: at(0.6)}), true},
		{"LinkedIn answered 500", "INTERNAL", sent(create{Ended: at(0.6), Status: 500}), true},
		{"LinkedIn answered after the node's patience", "TIMEOUT", sent(create{Ended: at(0.5).Add(attemptTimeout), Status: 201}), true},
		{"LinkedIn answered in time", "TIMEOUT", sent(answered), false},
		{"LinkedIn refused", "TIMEOUT", sent(create{Ended: at(0.6), Status: 429}), false},
		{"nothing was sent", "TIMEOUT", evidence{}, false},
		{"a kill does not explain what LinkedIn is said to have done", "TIMEOUT", with(sent(answered), []kill{{1, at(0.55)}}), false},
		{"the sender was killed", codeProcessDied, with(sent(answered), []kill{{1, at(0.55)}}), true},
		{"another node was killed", codeProcessDied, with(sent(answered), []kill{{0, at(0.55)}}), false},
		{"some node was killed before anything was sent", codeProcessDied, with(evidence{}, []kill{{0, at(0.55)}}), true},
		{"the sender was killed before the attempt", codeProcessDied, with(sent(answered), []kill{{1, at(-1)}}), false},
		{"the sender was killed after the attempt had ended", codeProcessDied, with(sent(answered), []kill{{1, at(11)}}), false},
		{"the database was away during the attempt", codeProcessDied, with(sent(answered), nil, outage{at(0.55), at(3)}), true},
		{"the database was away before the attempt", codeProcessDied, with(sent(answered), nil, outage{at(-3), at(-1)}), false},
		{"the database was away after the attempt", codeProcessDied, with(sent(answered), nil, outage{at(11), at(12)}), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := attempt{Outcome: "in_doubt", Code: c.code, Started: at(0), Ended: ended(10)}
			require.Equal(t, c.explained, explained(a, c.evidence.Creates, c.evidence))
		})
	}
}
