package linkedin

import "github.com/postwright/postwright/gen/linkedin"

// listed are the members by which it is known whether a list is whole: one that can't be read must not pass for one that is missing.
var listed = []string{"elements", "paging", "links", "rel", "total"}

// atEnd reports whether nothing follows a page that began at start and held got of the asked elements. A page with fewer
// elements than asked is the last one (pagination). But LinkedIn also leaves out of a page what the caller may not see, so
// an answer that speaks of a next page, or of a greater total, is not believed to be the end. Nor is a full page, whatever
// it says of the total.
func atEnd(p *linkedin.Paging, start, got, asked int) bool {
	if got >= asked {
		return false
	}
	if p == nil {
		return true
	}
	for _, link := range p.Links {
		if deref(link.Rel) == "next" {
			return false
		}
	}
	return p.Total == nil || *p.Total <= start+got
}
