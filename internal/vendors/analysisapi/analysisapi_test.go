package analysisapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/analysisapi"
	"github.com/postwright/postwright/internal/vendors/answer/answertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryAnswerOfEveryOperation(t *testing.T) {
	t.Parallel()
	operation := func(id string, call func(context.Context, *analysisapi.Client) error) answertest.Operation {
		return answertest.Operation{
			ID: id, Method: http.MethodPost, Success: http.StatusOK, Decodes: true,
			Call: func(ctx context.Context, url string, seam *http.Client) error {
				client, err := analysisapi.New(analysisapi.Config{URL: url, Token: answertest.Token}, seam, time.Now)
				if err != nil {
					return err
				}
				return call(ctx, client)
			},
		}
	}
	answertest.Run(t, analysisapi.Vendor, []answertest.Operation{
		operation("analyzeSentiment", func(ctx context.Context, c *analysisapi.Client) error {
			_, err := c.Sentiment(ctx, "text")
			return err
		}),
		operation("generateHashtags", func(ctx context.Context, c *analysisapi.Client) error {
			_, err := c.Hashtags(ctx, "text")
			return err
		}),
		operation("optimizeContent", func(ctx context.Context, c *analysisapi.Client) error {
			_, err := c.Optimize(ctx, "text", "clarity")
			return err
		}),
	})
}

// vendor serves one answer and keeps the request.
type vendor struct {
	path, authorization string
	body                map[string]any
}

func serve(t *testing.T, answer string) (*analysisapi.Client, *vendor) {
	t.Helper()
	seen := &vendor{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.path, seen.authorization = r.Method+" "+r.URL.Path, r.Header.Get("Authorization")
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &seen.body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	client, err := analysisapi.New(
		analysisapi.Config{URL: server.URL, Token: answertest.Token},
		answertest.Seam(t, analysisapi.Vendor, time.Minute),
		time.Now,
	)
	require.NoError(t, err)
	return client, seen
}

func TestSentiment(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer string
		want   analysisapi.Sentiment
		bad    bool
	}{
		"positive":                  {`{"label":"positive","score":1}`, analysisapi.Sentiment{Label: "positive", Score: 1}, false},
		"in capitals":               {`{"label":"NEGATIVE","score":-1}`, analysisapi.Sentiment{Label: "negative", Score: -1}, false},
		"neutral at zero":           {`{"label":"neutral","score":0}`, analysisapi.Sentiment{Label: "neutral"}, false},
		"a label of another kind":   {`{"label":"angry","score":0}`, analysisapi.Sentiment{}, true},
		"a score above 1":           {`{"label":"positive","score":1.01}`, analysisapi.Sentiment{}, true},
		"a score below -1":          {`{"label":"negative","score":-1.01}`, analysisapi.Sentiment{}, true},
		"a score that is no number": {`{"label":"neutral","score":NaN}`, analysisapi.Sentiment{}, true},
		"no label":                  {`{"score":0}`, analysisapi.Sentiment{}, true},
		"no score":                  {`{"label":"neutral"}`, analysisapi.Sentiment{}, true},
		"null":                      {`null`, analysisapi.Sentiment{}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := serve(t, test.answer)
			got, err := client.Sentiment(t.Context(), "How it sounds")
			require.Equal(t, test.want, got)
			require.Equal(t, vendor{"POST /analyze/sentiment", "Bearer " + answertest.Token, map[string]any{"text": "How it sounds"}}, *seen)
			if !test.bad {
				require.NoError(t, err)
				return
			}
			require.True(t, fault.Is(err, fault.VendorUnavailable))
			require.Equal(t, outbound.ReasonBadAnswer, fault.Of(err).Reason)
		})
	}
}

func TestHashtags(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer string
		want   []string
		bad    bool
	}{
		"with and without the sign": {`{"hashtags":["#go"," postgres "]}`, []string{"go", "postgres"}, false},
		"none":                      {`{"hashtags":[]}`, []string{}, false},
		"absent":                    {`{}`, nil, false},
		"an empty one":              {`{"hashtags":["#"]}`, nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := serve(t, test.answer)
			got, err := client.Hashtags(t.Context(), "What it is about")
			require.Equal(t, test.want, got)
			require.Equal(t, test.bad, fault.Is(err, fault.VendorUnavailable))
			require.Equal(t, "POST /generate/hashtags", seen.path)
			require.Equal(t, map[string]any{"content": "What it is about"}, seen.body)
		})
	}
}

func TestOptimize(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ answer, want string }{
		"a better text": {`{"optimized_content":"Better."}`, "Better."},
		"an empty text": {`{"optimized_content":""}`, ""},
		"absent":        {`{}`, "Good."},
		"null":          {`{"optimized_content":null}`, "Good."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := serve(t, test.answer)
			got, err := client.Optimize(t.Context(), "Good.", "brevity")
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			require.Equal(t, "POST /optimize/content", seen.path)
			require.Equal(t, map[string]any{"content": "Good.", "optimization_type": "brevity"}, seen.body)
		})
	}
}

func TestConfigFaultsAreListedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := analysisapi.New(analysisapi.Config{URL: "analysis", Token: "two words"}, http.DefaultClient, time.Now)
	require.True(t, fault.Is(err, fault.Invalid))
	require.Len(t, fault.Of(err).Fields, 2)
	require.NotContains(t, err.Error(), "two words")
}
