package analysisapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/vendors/analysisapi"
)

// canned answers every request with the same body.
type canned []byte

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(bytes.NewReader(c)),
		Request:    req,
	}, nil
}

// fuzzAnswer puts any value at any place of an answer: a member that is not needed changes nothing, and a needed one that can't
// be read is no answer and never passes for one that says nothing.
func fuzzAnswer(f *testing.F, answer string, needed []string, call func(ctx context.Context, c *analysisapi.Client) (any, error)) {
	f.Helper()
	ask := func(t testing.TB, body []byte) (any, error) {
		client, err := analysisapi.New(analysisapi.Config{URL: "http://a"}, &http.Client{Transport: canned(body)}, time.Now)
		require.NoError(t, err)
		return call(t.Context(), client)
	}
	for _, name := range append(slices.Clone(needed), "model") {
		for _, value := range []string{`null`, `""`, `"0.5"`, `0`, `true`, `[]`, `[1]`, `{}`, `{"a":[null]}`} {
			f.Add(name, value)
		}
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		_, _ = ask(t, []byte(value)) // must not panic
		right, err := ask(t, []byte(answer))
		require.NoError(t, err)
		whole := map[string]json.RawMessage{}
		require.NoError(t, json.Unmarshal([]byte(answer), &whole))
		whole[name] = json.RawMessage(value)
		body, err := json.Marshal(whole)
		if err != nil {
			return // not JSON
		}
		got, err := ask(t, body)
		if slices.Contains(needed, name) {
			if err == nil && (value[0] == '{' || value == "true") {
				t.Fatalf("%s was read as %v", body, got)
			}
			return
		}
		require.NoError(t, err)
		require.Equal(t, right, got)
	})
}

func FuzzAnalyzeSentiment(f *testing.F) {
	fuzzAnswer(
		f,
		`{"label":"positive","score":0.5,"model":"x"}`,
		[]string{"label", "score"},
		func(ctx context.Context, c *analysisapi.Client) (any, error) {
			return c.Sentiment(ctx, "text")
		},
	)
}

func FuzzGenerateHashtags(f *testing.F) {
	fuzzAnswer(f, `{"hashtags":["go"],"model":"x"}`, []string{"hashtags"}, func(ctx context.Context, c *analysisapi.Client) (any, error) {
		return c.Hashtags(ctx, "text")
	})
}

func FuzzOptimizeContent(f *testing.F) {
	fuzzAnswer(
		f,
		`{"optimized_content":"better","model":"x"}`,
		[]string{"optimized_content"},
		func(ctx context.Context, c *analysisapi.Client) (any, error) {
			return c.Optimize(ctx, "text", "clarity")
		},
	)
}
