package sandbox_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// numberOf asks for one metric of a post and returns the only element of the answer.
func (w *world) numberOf(t *testing.T, urn, metric string, adapt ...func(*http.Request)) map[string]any {
	t.Helper()
	got := w.call(t, "GET", analytics(urn, metric), "", adapt...)
	require.Equal(t, http.StatusOK, got.status, got.body)
	elements, _ := got.json(t)["elements"].([]any)
	require.Len(t, elements, 1)
	return elements[0].(map[string]any)
}

func analytics(urn, metric string) string {
	return fmt.Sprintf("/rest/memberCreatorPostAnalytics?q=entity&entity=(share:%s)&queryType=%s&aggregation=TOTAL", encoded(urn), metric)
}

func TestAMetricIsNamedByItsVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	urn := w.create(t, "Hello")
	require.Equal(t, "REACTION", w.numberOf(t, urn, "REACTION", with("LinkedIn-Version", "202605"))["metricType"])
	require.Equal(t, map[string]any{"com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1": "REACTION"},
		w.numberOf(t, urn, "REACTION", with("LinkedIn-Version", "202604"))["metricType"])
}

func TestNumbersRepeatAndGrow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	urn := w.create(t, "Hello")
	metrics := []string{"IMPRESSION", "MEMBERS_REACHED", "REACTION", "COMMENT", "RESHARE"}
	for _, metric := range metrics {
		require.Equal(t, w.numberOf(t, urn, metric), w.numberOf(t, urn, metric))
	}
	require.Positive(t, w.numberOf(t, urn, "IMPRESSION")["count"], "a fresh post has been seen")
	before := map[string]any{}
	for _, metric := range metrics {
		before[metric] = w.numberOf(t, urn, metric)["count"]
	}
	w.pass(12 * time.Hour)
	for _, metric := range metrics {
		require.Greater(t, w.numberOf(t, urn, metric)["count"], before[metric], metric)
	}
}

func TestNumbersOfAPostThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	urn := w.create(t, "Hello")
	for name, c := range map[string]struct {
		path   string
		status int
	}{
		"unknown":                     {analytics("urn:li:share:1", "IMPRESSION"), 404},
		"of a metric there is not":    {analytics(urn, "APPLAUSE"), 400},
		"of a kind that does not fit": {analytics("urn:li:ugcPost:1", "IMPRESSION"), 400},
		"without an entity":           {"/rest/memberCreatorPostAnalytics?q=me&queryType=IMPRESSION&aggregation=TOTAL", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.status, w.call(t, "GET", c.path, "").status)
		})
	}
	t.Run("another member's", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		got := w.call(t, "POST", "/rest/posts", newPostBy("urn:li:person:bob", "Hello"), asBob)
		require.Equal(t, http.StatusNotFound, w.call(t, "GET", analytics(got.header.Get("x-restli-id"), "IMPRESSION"), "").status)
	})
}

func TestSocialMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	urn := w.create(t, "Hello")
	w.pass(12 * time.Hour)
	got := w.call(t, "GET", "/rest/socialMetadata/"+encoded(urn), "")
	require.Equal(t, http.StatusOK, got.status)
	comments, reactions := w.numberOf(t, urn, "COMMENT")["count"], w.numberOf(t, urn, "REACTION")["count"]
	require.Equal(t, map[string]any{
		"commentsState":     "OPEN",
		"commentSummary":    map[string]any{"count": comments, "topLevelCount": comments},
		"reactionSummaries": map[string]any{"LIKE": map[string]any{"count": reactions}},
	}, got.json(t))
	require.Equal(t, http.StatusNotFound, w.call(t, "GET", "/rest/socialMetadata/urn%3Ali%3Ashare%3A1", "").status)
}

func TestStatisticsOfAPagesPosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := w.create(t, "by ada herself")
	got := w.call(t, "POST", "/rest/posts", newPostBy("urn:li:organization:5", "by the page"))
	page := got.header.Get("x-restli-id")
	statistics := func(organization string) reply {
		return w.call(t, "GET", fmt.Sprintf(
			"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=%s&shares=List(%s,%s,%s)",
			encoded(organization), encoded(mine), encoded(page), encoded("urn:li:share:1")), "")
	}
	answer := statistics("urn:li:organization:5")
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	elements, _ := answer.json(t)["elements"].([]any)
	require.Len(t, elements, 1, "the page's alone, and those that are there")
	require.Equal(t, page, elements[0].(map[string]any)["share"])
	require.Positive(t, elements[0].(map[string]any)["totalShareStatistics"].(map[string]any)["impressionCount"])
	require.Equal(t, http.StatusForbidden, statistics("urn:li:organization:6").status, "a page of others")
}
