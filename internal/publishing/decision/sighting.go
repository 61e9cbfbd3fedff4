package decision

import (
	"slices"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/text"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

const (
	// clockTolerance is how far LinkedIn's clock may be behind for a post to be surely the one in doubt, and clockTrouble for it
	// to be it perhaps: a machine that nobody keeps on time is minutes off.
	clockTolerance = 2 * time.Minute
	clockTrouble   = 30 * time.Minute
	// maxNamed is how many posts that may be the one in doubt are named to a person.
	maxNamed = 3
)

// Doubt is about the attempts of a post that may have arrived; the zero Doubt when there is none.
type Doubt struct {
	// From is when the first of them began, and Until when the last one ended.
	From, Until time.Time
	// Elsewhere is true when one of them may have been made from a database that is gone.
	Elsewhere bool
}

// Exists reports whether there is a doubt.
func (d Doubt) Exists() bool { return !d.From.IsZero() }

// Earliest is from when on a post that LinkedIn has may come from an attempt that began at a time, by clocks that differ.
func Earliest(began time.Time) time.Time { return began.Add(-clockTrouble) }

// sighting is a post on LinkedIn that may be the one in doubt.
type sighting struct {
	urn   string
	alike bool // it reads like the one in doubt; another that appeared at its time may have been edited since
	sure  bool // it reads the same, is there for all to see, and can't be another post of the same text
}

// Sightings are the posts on LinkedIn that may be one in doubt.
type Sightings []sighting

// Find looks for a post in doubt, by its text, among those that LinkedIn lists. Surely it is one that appeared since the attempt
// began, is published, and reads the same: LinkedIn, or whoever writes to it, may have changed what nobody sees. It may be one
// that reads alike, that is not published (yet), that appeared a little before, by clocks that differ, or that appeared while the
// attempts lasted, whatever it says by now. One that is known to be another post is not it.
func (d Doubt) Find(ours string, listed []linkedin.Post, isAnother func(urn string) bool) (seen Sightings) {
	read := text.AsRead(ours)
	for _, p := range listed {
		urn := p.URN.String()
		if isAnother(urn) {
			continue
		}
		appeared := p.PublishedAt
		if appeared.IsZero() {
			appeared = p.CreatedAt
		}
		if !appeared.IsZero() && appeared.Before(Earliest(d.From)) {
			continue
		}
		early := appeared.Before(d.From.Add(-clockTolerance)) // so is one without a time
		same := text.AsRead(p.Text) == read
		alike := same || text.Alike(p.Text, ours)
		meanwhile := appeared.IsZero() || !early && appeared.Before(d.Until.Add(clockTolerance))
		if !alike && !meanwhile {
			continue
		}
		seen = append(seen, sighting{urn, alike, same && !early && p.LifecycleState == linkedin.LifecyclePublished})
	}
	return seen
}

// AnySure reports whether one of them surely is the post in doubt, unless another post of the same text may be there.
func (s Sightings) AnySure() bool {
	return slices.ContainsFunc(s, func(one sighting) bool { return one.sure })
}

// BesideTwin are the same, while another post of the same text may be there: none is surely the one in doubt.
func (s Sightings) BesideTwin() Sightings {
	unsure := slices.Clone(s)
	for i := range unsure {
		unsure[i].sure = false
	}
	return unsure
}

// Published is the post's name when one alone reads like it, and surely is it.
func (s Sightings) Published() (urn string, certain bool) {
	alike := 0
	for _, one := range s {
		if one.alike {
			alike, urn, certain = alike+1, one.urn, one.sure
		}
	}
	return urn, certain && alike == 1
}

// failure tells a person what was seen, who is to settle the doubt; it has no code, since the doubt keeps its own.
func (s Sightings) failure() Failure {
	urns := make([]string, len(s))
	for i, one := range s {
		urns[i] = one.urn
	}
	return Failure{
		Message: "It is not certain whether LinkedIn has the post. What the account has there that may be it: " + fault.Names(urns, maxNamed) + ".",
		Remedy:  remedyDoubt,
	}
}

// ReachesBack reports whether a list holds all that appeared since the first attempt in doubt. A part of one does so when its
// last element is older; a list without times, or in another order, tells nothing.
func (d Doubt) ReachesBack(l Listing) bool {
	return l.Complete || reachesBack(l.Posts, Earliest(d.From))
}

func reachesBack(listed []linkedin.Post, since time.Time) bool {
	for i, p := range listed {
		if p.LastModifiedAt.IsZero() || i > 0 && p.LastModifiedAt.After(listed[i-1].LastModifiedAt) {
			return false
		}
	}
	return len(listed) > 0 && listed[len(listed)-1].LastModifiedAt.Before(since)
}

// Shows reports whether a list shows what is known to be there: the newest other post of the account, by its name, if one is
// known. A list that lacks it is behind, or is not shown whole, and an empty one proves nothing: neither says that a post is
// absent.
func (l Listing) Shows(known []string) bool {
	if len(known) == 0 {
		return len(l.Posts) > 0
	}
	return slices.ContainsFunc(l.Posts, func(p linkedin.Post) bool { return p.URN.String() == known[0] })
}
