package siege

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCodeOfARefusalIsRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, head, want string }{
		{"a refusal", `{"code":"resource_exhausted","message":"slow down"}`, "resource_exhausted"},
		{"after the message", `{"message":"slow down","details":[{"code":"no"}],"code":"aborted"}`, "aborted"},
		{"cut off after the code", `{"code":"invalid_argument","message":"very lo`, "invalid_argument"},
		{"cut off before it", `{"message":"very lo`, ""},
		{"an answer", `{"post":{"id":"x"}}`, ""},
		{"a page", `<html>`, ""},
		{"nothing", ``, ""},
		{"a number", `{"code":7}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, codeOf([]byte(c.head)))
		})
	}
}

func TestATallyTellsWhatBecameOfACall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                              string
		answer                            answer
		err                               error
		taken, refused, unadvised, broken int64
	}{
		{"taken", answer{status: http.StatusOK}, nil, 1, 0, 0, 0},
		{"a wrong key that was looked up", answer{status: http.StatusUnauthorized, code: "unauthenticated"}, nil, 1, 0, 0, 0},
		{"refused, as it should be", answer{status: http.StatusTooManyRequests, code: "resource_exhausted", retryAfter: true}, nil, 0, 1, 0, 0},
		{"refused without saying when to come back", answer{status: http.StatusTooManyRequests, code: "resource_exhausted"}, nil, 0, 1, 1, 0},
		{"refused with another code", answer{status: http.StatusTooManyRequests, code: "unavailable", retryAfter: true}, nil, 0, 1, 1, 0},
		{"broken off", answer{}, errors.New("EOF"), 0, 0, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got tally
			got.count(c.answer, c.err)
			require.Equal(t, []int64{1, c.taken, c.refused, c.unadvised, c.broken},
				[]int64{got.all.Load(), got.taken.Load(), got.refused.Load(), got.unadvised.Load(), got.broken.Load()})
		})
	}
}

func TestBadRequestsAreAsLargeAsAskedFor(t *testing.T) {
	t.Parallel()
	const size = 100_000
	names := map[string]bool{}
	for _, r := range badRequests(size) {
		require.False(t, names[r.name], "two are called %s", r.name)
		names[r.name] = true
		require.InDelta(t, size, r.holds, 200, r.name)
		if strings.Contains(r.name, "gzipped") {
			require.Less(t, len(r.body), size/100, r.name)
		} else {
			require.InDelta(t, size, len(r.body), 200, r.name)
		}
	}
}

func TestAttacksHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, name := range Names() {
		require.False(t, names[name], name)
		names[name] = true
	}
	_, err := Run{Only: []string{"hunger"}}.Do(t.Context())
	require.ErrorContains(t, err, `there is no attack "hunger"`)
}
