package chaos

import (
	"fmt"
	"slices"
	"time"
)

// post is a post as the database has it, with everything that was done to publish it.
type post struct {
	ID, Text, State, URN, FailureCode string
	Approvals                         int
	Approved                          time.Time // for the first time
	// LostTurn is when the post's job first ended in an error or was rescued, as its process had died; nil when it never did.
	LostTurn *time.Time
	Attempts []attempt
}

// attempt is a row of the ledger of attempts.
type attempt struct {
	Number                    int
	Outcome, Code, Settlement string
	Started                   time.Time
	Ended                     *time.Time
}

// entry is a create that LinkedIn accepted.
type entry struct{ Text, URN string }

// kill is the end of a node's process.
type kill struct {
	Node int
	At   time.Time
}

// outage is a time during which PostgreSQL was away.
type outage struct{ From, To time.Time }

// evidence is everything that is known after a run.
type evidence struct {
	Planned []planned
	Posts   []post // before anybody settled anything
	Settled []post // after
	Ledger  []entry
	Creates []create
	Kills   []kill
	Outages []outage
	Missed  []string // what was planned and did not happen, so that the run proves less than it says
	Trouble []string // what went wrong with the run itself, such as a node that ended by itself
}

// verdict is what the evidence says. The run passes when every list of findings is empty.
type verdict struct {
	Published, Failed, Unconfirmed, Creates, Rejected, Kills, Restarts int
	// Overtaken is how many attempts of the loud owner's posts began while a quiet owner's post was the next of theirs: since its
	// approval, and since their last turn, save while their account was held. It is the 95th percentile of theirs but the HeldUp,
	// whose turn had come before, and come to nothing.
	Overtaken, HeldUp int

	Doubles        []string // more creates at LinkedIn than were approved
	Unrecorded     []string // more creates sent than attempts written down
	Lost           []string // planned, and not in the database, or never come to rest
	FalsePublished []string // called published, and LinkedIn does not have it
	FalseFailed    []string // called failed, and LinkedIn has it
	Unexplained    []string // in doubt without anything that leaves a doubt
	Unsettled      []string // in doubt after everything was settled
	Delayed        []string // a quiet owner's posts, by a loud one's
	Missed         []string
	Trouble        []string
}

// mostOvertaken is how many attempts may begin before a quiet owner's post gets its turn. As many as there are workers begin
// within a call's length. It is about one: three, as some calls are shorter than others, processes that look at the same moment
// whose turn it is don't see what the other takes, and what a killed process ran counts for some seconds.
const mostOvertaken = 3 * nodes * workers

// callLengths is a number of attempts in lengths of a call: so long they keep all workers busy.
func callLengths(attempts int) float64 { return float64(attempts) / (nodes * workers) }

func (v verdict) findings() map[string][]string {
	return map[string][]string{
		"double":          v.Doubles,
		"unrecorded":      v.Unrecorded,
		"lost":            v.Lost,
		"false_published": v.FalsePublished,
		"false_failed":    v.FalseFailed,
		"unexplained":     v.Unexplained,
		"unsettled":       v.Unsettled,
		"delayed":         v.Delayed,
		"missed":          v.Missed,
		"trouble":         v.Trouble,
	}
}

func (v verdict) passed() bool {
	for _, found := range v.findings() {
		if len(found) > 0 {
			return false
		}
	}
	return true
}

// check compares what LinkedIn has with what the database says. It is a function of the evidence alone.
func check(e evidence) verdict {
	v := verdict{Kills: len(e.Kills), Restarts: len(e.Outages), Creates: len(e.Creates), Missed: e.Missed, Trouble: e.Trouble}
	there := map[string][]string{}
	for _, entry := range e.Ledger {
		there[entry.Text] = append(there[entry.Text], entry.URN)
	}
	sent := map[string][]create{}
	for _, c := range e.Creates {
		sent[c.Text] = append(sent[c.Text], c)
	}
	byText := map[string]post{}
	for _, p := range e.Posts {
		byText[p.Text] = p
	}
	for _, planned := range e.Planned {
		p, found := byText[planned.Text]
		if !found {
			v.Lost = append(v.Lost, fmt.Sprintf("%q (%s) is not in the database", planned.Text, planned.Way))
			continue
		}
		v.checkPost(p, planned.Way, there[p.Text], sent[p.Text], e)
	}
	v.checkFairness(e, byText)
	for _, p := range e.Settled {
		v.checkSettled(p, there[p.Text])
	}
	return v
}

func (v *verdict) checkPost(p post, way string, there []string, sent []create, e evidence) {
	name := fmt.Sprintf("%q (%s, %s)", p.Text, way, p.ID)
	if len(there) > p.Approvals {
		v.Doubles = append(v.Doubles, fmt.Sprintf("%s: %d creates for %d approvals: %v", name, len(there), p.Approvals, there))
	}
	if len(sent) > len(p.Attempts) {
		v.Unrecorded = append(v.Unrecorded, fmt.Sprintf("%s: %d creates sent, %d attempts written down", name, len(sent), len(p.Attempts)))
	}
	switch p.State {
	case "published":
		v.Published++
	case "failed":
		v.Failed++
	case "unconfirmed":
		v.Unconfirmed++
	default:
		v.Lost = append(v.Lost, fmt.Sprintf("%s: is still %s (%s)", name, p.State, p.FailureCode))
	}
	for _, a := range p.Attempts {
		switch {
		case a.Outcome == "rejected":
			v.Rejected++
		case a.Outcome == "started":
			v.Lost = append(v.Lost, fmt.Sprintf("%s: attempt %d never ended", name, a.Number))
		case a.Outcome == "in_doubt" && !explained(a, sent, e):
			v.Unexplained = append(v.Unexplained, fmt.Sprintf("%s: attempt %d is in doubt (%s) and nothing was wrong", name, a.Number, a.Code))
		}
	}
	v.compare(name, p, there)
}

// checkFairness finds out whether the quiet owner's posts had to wait for the loud one's.
func (v *verdict) checkFairness(e evidence, byText map[string]post) {
	var loud []time.Time
	var quiet []post
	for _, planned := range e.Planned {
		p := byText[planned.Text]
		if planned.Member == quietMember {
			quiet = append(quiet, p)
			continue
		}
		for _, a := range p.Attempts {
			loud = append(loud, a.Started)
		}
	}
	quiet = slices.DeleteFunc(quiet, func(p post) bool { return len(p.Attempts) == 0 }) // lost, or never sent: that is told already
	slices.SortFunc(quiet, func(a, b post) int { return a.Attempts[0].Started.Compare(b.Attempts[0].Started) })
	// What begins while the quiet owner's own account is held overtakes nobody.
	held := holds(quiet)
	loud = slices.DeleteFunc(loud, func(started time.Time) bool {
		return slices.ContainsFunc(held, func(h hold) bool { return !started.Before(h.From) && started.Before(h.To) })
	})
	var overtaken []int
	var last time.Time // when the quiet owner had their last turn
	for _, p := range quiet {
		since, turn := p.Approved, p.Attempts[0].Started
		if since.Before(last) {
			since = last
		}
		last = turn
		if heldUp(p) {
			v.HeldUp++
			continue
		}
		n := 0
		for _, started := range loud {
			if started.After(since) && started.Before(turn) {
				n++
			}
		}
		overtaken = append(overtaken, n)
		if n > mostOvertaken {
			v.Delayed = append(v.Delayed, fmt.Sprintf("%q was next for %s, while %d attempts of others began: %.1f lengths of a call",
				p.Text, turn.Sub(since).Round(time.Millisecond), n, callLengths(n)))
		}
	}
	if len(overtaken) > 0 {
		slices.Sort(overtaken)
		v.Overtaken = overtaken[(len(overtaken)*95+99)/100-1] // the nearest rank
	}
	if v.Overtaken <= mostOvertaken {
		v.Delayed = nil
	}
	if v.HeldUp*4 > len(quiet)*3 {
		v.Missed = append(v.Missed, fmt.Sprintf("turns of the quiet owner: %d of %d posts had one that came to nothing", v.HeldUp, len(quiet)))
	}
}

// hold is a time during which nothing goes out with an account, as LinkedIn has asked for.
type hold struct{ From, To time.Time }

// holds are those that came of LinkedIn's answers to the attempts of posts: from when the answer was written down.
func holds(posts []post) (list []hold) {
	for _, p := range posts {
		for _, a := range p.Attempts {
			if a.Code == codeRateLimited && a.Ended != nil {
				list = append(list, hold{*a.Ended, a.Ended.Add(limitedFor)})
			}
		}
	}
	return list
}

// heldUp reports whether a post had a turn before that of its first attempt, which came to nothing: the process died before the
// attempt, or PostgreSQL was away. What it waited for from then on is nobody's unfairness.
func heldUp(p post) bool { return p.LostTurn != nil && p.LostTurn.Before(p.Attempts[0].Started) }

// compare holds a post's state against the ledger.
func (v *verdict) compare(name string, p post, there []string) {
	switch {
	case p.State == "published" && len(there) == 0:
		v.FalsePublished = append(v.FalsePublished, name+": LinkedIn does not have it")
	case p.State == "published" && p.URN != "" && p.URN != there[0]:
		v.FalsePublished = append(v.FalsePublished, fmt.Sprintf("%s: is %s at LinkedIn and %s in the database", name, there[0], p.URN))
	case p.State == "failed" && len(there) > 0:
		v.FalseFailed = append(v.FalseFailed, fmt.Sprintf("%s: %s, and LinkedIn has it as %s", name, p.FailureCode, there[0]))
	}
}

func (v *verdict) checkSettled(p post, there []string) {
	name := fmt.Sprintf("%q (%s) after settling", p.Text, p.ID)
	if p.State != "published" && p.State != "failed" {
		v.Unsettled = append(v.Unsettled, name+": is "+p.State)
	}
	for _, a := range p.Attempts {
		if a.Outcome == "in_doubt" && a.Settlement == "" {
			v.Unsettled = append(v.Unsettled, fmt.Sprintf("%s: attempt %d is still in doubt", name, a.Number))
		}
	}
	v.compare(name, p, there)
}

// explained reports whether something happened that leaves a doubt about an attempt: LinkedIn broke off, answered 5xx or
// too late; or the process that sent it, or the database, was away between the attempt's row and the answer's.
func explained(a attempt, sent []create, e evidence) bool {
	latest := a.Started.Add(attemptTimeout + settleTimeout)
	if a.Ended != nil && a.Ended.Before(latest) {
		latest = *a.Ended
	}
	within := func(t time.Time) bool { return !t.Before(a.Started) && !t.After(latest) }
	var mine []create
	for _, c := range sent {
		if within(c.Arrived) {
			mine = append(mine, c)
		}
	}
	if a.Code != codeProcessDied {
		for _, c := range mine {
			if c.Status == 0 || c.Status >= 500 || c.Ended.Sub(c.Arrived) >= attemptTimeout {
				return true
			}
		}
		return false
	}
	for _, k := range e.Kills {
		sender := len(mine) == 0 // it died before it sent: no witness knows which process it was
		for _, c := range mine {
			sender = sender || c.Node == k.Node
		}
		if sender && within(k.At) {
			return true
		}
	}
	for _, o := range e.Outages {
		if o.From.Before(latest) && o.To.After(a.Started) {
			return true
		}
	}
	return false
}

// codeRateLimited is the code of an attempt that LinkedIn refused as one too many for the account.
const codeRateLimited = "RATE_LIMITED"

// codeProcessDied is the code of an attempt that a process took up after the one that had begun it was gone.
const codeProcessDied = "PROCESS_DIED"

// line is the verdict in one line, with its figures.
func (v verdict) line(o Options) string {
	word := "PASS"
	if !v.passed() {
		word = "FAIL"
	}
	return fmt.Sprintf(
		"chaos: %s seed=%d posts=%d kills=%d restarts=%d creates_sent=%d rejected=%d published=%d failed=%d unconfirmed=%d overtaken=%d held_up=%d "+
			"doubles=%d unrecorded=%d lost=%d false_published=%d false_failed=%d unexplained=%d unsettled=%d delayed=%d missed=%d trouble=%d",
		word,
		o.Seed,
		o.Posts,
		v.Kills,
		v.Restarts,
		v.Creates,
		v.Rejected,
		v.Published,
		v.Failed,
		v.Unconfirmed,
		v.Overtaken,
		v.HeldUp,
		len(
			v.Doubles,
		),
		len(v.Unrecorded),
		len(v.Lost),
		len(v.FalsePublished),
		len(v.FalseFailed),
		len(v.Unexplained),
		len(v.Unsettled),
		len(v.Delayed),
		len(v.Missed),
		len(v.Trouble),
	)
}
