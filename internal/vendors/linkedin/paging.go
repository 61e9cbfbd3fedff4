package linkedin

import (
	"slices"

	"github.com/postwright/postwright/gen/linkedin"
)

// listed are the members by which it is known whether a list is whole: one that can't be read must not pass for one that is
// missing.
var listed = []string{"elements", "paging", "links", "rel", "total"}

// after is what follows a page of a list.
type after int

const (
	noMore    after = iota
	more            // or may: the page is full
	maybeMore       // the answer speaks of it in a way that can't be read
)

// nextPage says what follows a page that began at start and held got of the asked elements. A page with fewer elements than asked
// is the last one (pagination), unless LinkedIn says that its pages hold fewer, and this one is full by that. But LinkedIn also
// leaves out of a page what the caller may not see, so an answer that speaks of a next page, or of a greater total, is not
// believed to be the end. Nor is a full page, whatever it says of the total. readable is false when something that is listed
// could not be read.
func nextPage(p *linkedin.Paging, readable bool, start, got, asked int) after {
	if p == nil {
		p = &linkedin.Paging{}
	}
	total, told := deref(p.Total), p.Total != nil
	rel := func(name string) bool {
		return slices.ContainsFunc(p.Links, func(l linkedin.PagingLink) bool { return deref(l.Rel) == name })
	}
	switch {
	case got >= holds(p, asked), rel("next"), told && total > start+got:
		return more
	case !readable, rel(""), told && total < 0:
		return maybeMore
	}
	return noMore
}

// holds is how many elements a page holds at most of which so many were asked for: LinkedIn may give fewer at once, and says so.
func holds(p *linkedin.Paging, asked int) int {
	if p == nil || deref(p.Count) < 1 {
		return asked
	}
	return min(asked, *p.Count)
}
