package sandbox

import (
	"net/url"
	"strconv"

	"github.com/postwright/postwright/gen/linkedin"
)

// The number of elements of an answer, when none is asked for and at most.
const (
	pageDefault = 10
	pageMax     = 100
)

// pageOf cuts the page that was asked for at asked out of the whole, and says as LinkedIn does where it lies.
func pageOf[T any](whole []T, asked *url.URL, start, count *int) ([]T, *linkedin.Paging, error) {
	from, most, total := 0, pageDefault, len(whole)
	if start != nil {
		from = *start
	}
	if count != nil {
		most = *count
	}
	if from < 0 || most < 1 || most > pageMax {
		return nil, nil, invalidParam
	}
	paging := &linkedin.Paging{Start: &from, Count: &most, Total: &total}
	if total-most > from {
		query := asked.Query()
		query.Set("start", strconv.Itoa(from+most))
		query.Set("count", strconv.Itoa(most))
		rel, href, kind := "next", asked.Path+"?"+query.Encode(), "application/json"
		paging.Links = append(paging.Links, linkedin.PagingLink{Rel: &rel, Href: &href, Type: &kind})
	}
	begin := min(from, total)
	return whole[begin:min(begin+most, total)], paging, nil
}
