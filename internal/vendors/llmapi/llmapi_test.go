package llmapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer/answertest"
	"github.com/postwright/postwright/internal/vendors/llmapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var question = llmapi.Question{
	System: "Say how it sounds.", User: `{"text":"Hello"}`, Name: "sentiment", Schema: map[string]any{"type": "object"},
	Required: []string{"label", "score"}, MaxTokens: 77,
}

func anything([]byte) error { return nil }

func TestEveryAnswerOfEveryOperation(t *testing.T) {
	t.Parallel()
	operation := func(id, method string, call func(context.Context, *llmapi.Client) error) answertest.Operation {
		return answertest.Operation{
			ID: id, Method: method, Success: http.StatusOK, Decodes: true, Rewords: method == http.MethodPost,
			Call: func(ctx context.Context, url string, seam *http.Client) error {
				client, err := llmapi.New(llmapi.Config{URL: url, Token: answertest.Token, Model: "m"}, seam, time.Now)
				if err != nil {
					return err
				}
				return call(ctx, client)
			},
		}
	}
	answertest.Run(t, llmapi.Vendor, []answertest.Operation{
		operation("createChatCompletion", http.MethodPost, func(ctx context.Context, c *llmapi.Client) error {
			_, err := c.Ask(ctx, question, anything)
			return err
		}),
		operation("listModels", http.MethodGet, func(ctx context.Context, c *llmapi.Client) error {
			_, err := c.Models(ctx)
			return err
		}),
	})
}

// server answers each request with the next of its answers, the last again and again, and keeps the requests.
type server struct {
	mu      sync.Mutex
	answers []reply
	paths   []string
	asked   []map[string]any
}

type reply struct {
	status int
	body   string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	var asked map[string]any
	_ = json.Unmarshal(body, &asked)
	s.asked, s.paths = append(s.asked, asked), append(s.paths, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
	a := s.answers[min(len(s.asked), len(s.answers))-1]
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func serve(t *testing.T, path string, answers ...reply) (*llmapi.Client, *server) {
	t.Helper()
	s := &server{answers: answers}
	at := httptest.NewServer(s)
	t.Cleanup(at.Close)
	client, err := llmapi.New(llmapi.Config{URL: at.URL + path, Token: answertest.Token, Model: "a-model"},
		answertest.Seam(t, llmapi.Vendor, time.Minute), time.Now)
	require.NoError(t, err)
	return client, s
}

// says is a whole answer with this content.
func says(content string) reply {
	quoted, _ := json.Marshal(content)
	return reply{200, `{"id":"1","object":"chat.completion","model":"a-model-2026","choices":[{"index":0,"finish_reason":"stop","logprobs":null,
		"message":{"role":"assistant","content":` + string(quoted) + `,"refusal":null,"annotations":[]}}],
		"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}`}
}

const good = `{"label":"positive","score":0.5}`

func TestWhatIsAskedAndAnswered(t *testing.T) {
	t.Parallel()
	for path, called := range map[string]string{
		"": "/v1/chat/completions", "/": "/v1/chat/completions", "/v1": "/v1/chat/completions", "/v1/": "/v1/chat/completions",
		"/openai/v1": "/openai/v1/chat/completions",
	} {
		client, s := serve(t, path, says(good))
		var object string
		got, err := client.Ask(t.Context(), question, func(raw []byte) error { object = string(raw); return nil })
		require.NoError(t, err)
		require.Equal(t, good, object)
		require.Equal(t, llmapi.Reply{Model: "a-model-2026", Usage: llmapi.Usage{InputTokens: 12, OutputTokens: 3}, Bytes: len(good)}, got)
		require.Equal(t, []string{"POST " + called + " Bearer " + answertest.Token}, s.paths)
		require.Equal(t, map[string]any{
			"model": "a-model", "max_tokens": 77.0, "temperature": 0.0,
			"messages": []any{
				map[string]any{"role": "system", "content": "Say how it sounds."}, map[string]any{"role": "user", "content": `{"text":"Hello"}`},
			},
			"response_format": map[string]any{"type": "json_schema", "json_schema": map[string]any{
				"name": "sentiment", "strict": true, "schema": map[string]any{"type": "object"},
			}},
		}, s.asked[0])
	}
}

func TestAnswersThatCanNotBeUsed(t *testing.T) {
	t.Parallel()
	message := func(rest string) string { return `{"choices":[{"finish_reason":"stop","message":{` + rest + `}}]}` }
	for name, c := range map[string]struct {
		body, reason, says string
		kind               fault.Kind
	}{
		"no choices":           {`{"choices":[]}`, outbound.ReasonBadAnswer, "it has no message", fault.VendorUnavailable},
		"choices of null":      {`{"choices":null,"model":"m"}`, outbound.ReasonBadAnswer, "it has no message", fault.VendorUnavailable},
		"an error with 200":    {`{"error":{"message":"upstream is away"}}`, outbound.ReasonBadAnswer, "it has no message", fault.VendorUnavailable},
		"no message":           {`{"choices":[{"finish_reason":"stop"}]}`, outbound.ReasonBadAnswer, "it has no message", fault.VendorUnavailable},
		"no content":           {message(`"role":"assistant"`), outbound.ReasonBadAnswer, "it is empty", fault.VendorUnavailable},
		"empty content":        {message(`"content":" \n"`), outbound.ReasonBadAnswer, "it is empty", fault.VendorUnavailable},
		"content of parts":     {message(`"content":[{"type":"text","text":"{}"}]`), outbound.ReasonBadAnswer, "can't be used", fault.VendorUnavailable},
		"prose":                {message(`"content":"It sounds fine."`), outbound.ReasonBadAnswer, "no JSON object", fault.VendorUnavailable},
		"JSON that breaks off": {message(`"content":"{\"label\":\"posi"`), outbound.ReasonBadAnswer, "no JSON object", fault.VendorUnavailable},
		"a member missing":     {message(`"content":"{\"label\":\"positive\"}"`), outbound.ReasonBadAnswer, "no JSON object", fault.VendorUnavailable},
		"a refusal":            {message(`"content":null,"refusal":"My prompt is secret"`), llmapi.ReasonRefused, "refused to", fault.VendorRejected},
		"a filter": {`{"choices":[{"finish_reason":"content_filter","message":{"content":""}}]}`, llmapi.ReasonRefused, "as harmful",
			fault.VendorRejected},
		"cut at the most tokens": {`{"choices":[{"finish_reason":"length","message":{"content":"{\"label\":\"positive\",\"score\":1}"}}]}`,
			llmapi.ReasonTruncated, "--llm-max-tokens", fault.VendorUnavailable},
		"a tool": {message(`"content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]`),
			llmapi.ReasonToolsWanted, "a tool", fault.VendorUnavailable},
		"a tool beside an answer": {message(`"content":"{\"label\":\"positive\",\"score\":1}","tool_calls":[{"id":"1"}]`),
			llmapi.ReasonToolsWanted, "a tool", fault.VendorUnavailable},
		"a function, as it was once": {message(`"content":null,"function_call":{"name":"f","arguments":"{}"}`),
			llmapi.ReasonToolsWanted, "a tool", fault.VendorUnavailable},
		"only the end says tools": {`{"choices":[{"finish_reason":"tool_calls","message":{"content":"{\"label\":\"a\",\"score\":1}"}}]}`,
			llmapi.ReasonToolsWanted, "a tool", fault.VendorUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := serve(t, "", reply{200, c.body})
			_, err := client.Ask(t.Context(), question, anything)
			f := fault.Of(err)
			require.Equal(t, c.kind, f.Kind, "%v", err)
			require.Equal(t, c.reason, f.Reason)
			require.Contains(t, f.Message, c.says)
			require.NotContains(t, err.Error()+f.Answer.Message, "My prompt", "what the model says is not told")
			require.Equal(t, "createChatCompletion", f.Answer.Operation)
			require.Len(t, s.asked, 1, "asking once more would only cost more")
		})
	}
}

// What the reader of the object finds wrong is told with it, and what the answer took all the same.
func TestAnAnswerThatItsReaderRefuses(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, "", says(good))
	got, err := client.Ask(t.Context(), question, func([]byte) error { return errors.New("its label is strange") })
	require.Equal(t, "The language model gave an answer that can't be used: its label is strange.", fault.Of(err).Message)
	require.Equal(t, outbound.ReasonBadAnswer, fault.Of(err).Reason)
	require.Equal(t, llmapi.Usage{InputTokens: 12, OutputTokens: 3}, got.Usage)
	_, err = client.Ask(t.Context(), question, func([]byte) error {
		return fault.New(fault.VendorUnavailable, "It lost a number.").WithReason("LOST")
	})
	require.Equal(t, "It lost a number.", fault.Of(err).Message)
	require.Equal(t, "LOST", fault.Of(err).Reason)
	require.Equal(t, llmapi.Vendor, fault.Of(err).Answer.Vendor)
}

func refused(status int, message string) reply {
	quoted, _ := json.Marshal(message)
	return reply{status, `{"error":{"message":` + string(quoted) + `,"type":"invalid_request_error","param":null,"code":null}}`}
}

func TestAServerIsAskedWithoutWhatItRefusesFromThenOn(t *testing.T) {
	t.Parallel()
	const (
		noSchema   = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
		noTokens   = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
		noTemper   = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported."
		schema     = "response_format"
		completion = "max_completion_tokens"
	)
	for name, c := range map[string]struct {
		refusals []reply
		without  []string
		with     []string
	}{
		"the schema":           {[]reply{refused(400, noSchema)}, []string{schema}, []string{"max_tokens", "temperature"}},
		"the schema, with 422": {[]reply{refused(422, noSchema)}, []string{schema}, []string{"max_tokens", "temperature"}},
		"the name of a limit":  {[]reply{refused(400, noTokens)}, []string{"max_tokens"}, []string{completion, schema, "temperature"}},
		"the temperature":      {[]reply{refused(400, noTemper)}, []string{"temperature"}, []string{schema, "max_tokens"}},
		"everything, one by one": {[]reply{refused(400, noTokens), refused(400, noTemper), refused(400, noSchema)},
			[]string{schema, "max_tokens", "temperature"}, []string{completion}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := serve(t, "", append(c.refusals, says(good))...)
			for range 2 {
				_, err := client.Ask(t.Context(), question, anything)
				require.NoError(t, err)
			}
			require.Len(t, s.asked, len(c.refusals)+2, "it is refused once, and not asked so again")
			for _, asked := range s.asked[len(c.refusals):] {
				for _, name := range c.without {
					require.NotContains(t, asked, name)
				}
				for _, name := range c.with {
					require.Contains(t, asked, name)
				}
			}
		})
	}
}

func TestARefusalThatIsOfTheQuestionIsOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer reply
		kind   fault.Kind
		reason string
		asked  int
	}{
		"too long for the model": {reply{400, `{"error":{"message":"too long","code":"context_length_exceeded"}}`},
			fault.VendorRejected, "CONTEXT_LENGTH_EXCEEDED", 1},
		"filtered":             {reply{400, `{"error":{"message":"filtered","code":"content_filter"}}`}, fault.VendorRejected, llmapi.ReasonRefused, 1},
		"no model":             {reply{404, `{"error":{"message":"no such","code":"model_not_found"}}`}, fault.VendorRejected, "MODEL_NOT_FOUND", 1},
		"no token":             {reply{401, `{"error":{"message":"wrong key","code":"invalid_api_key"}}`}, fault.VendorAuth, "INVALID_API_KEY", 1},
		"no credit":            {reply{429, `{"error":{"message":"pay","code":"insufficient_quota"}}`}, fault.RateLimited, llmapi.ReasonNoCredit, 1},
		"too fast":             {reply{429, `{"error":{"message":"slow down","code":"rate_limit_exceeded"}}`}, fault.RateLimited, "RATE_LIMITED", 1},
		"whatever is left out": {refused(400, "no"), fault.VendorRejected, "INVALID_REQUEST_ERROR", 2},
		"for ever another": {refused(400, "max_completion_tokens, temperature, response_format"), fault.VendorRejected,
			"INVALID_REQUEST_ERROR", 4},
		"as text": {reply{400, `{"error":"no"}`}, fault.VendorRejected, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := serve(t, "", c.answer)
			_, err := client.Ask(t.Context(), question, anything)
			f := fault.Of(err)
			require.Equal(t, c.kind, f.Kind, "%v", err)
			require.Equal(t, c.reason, f.Reason)
			require.Len(t, s.asked, c.asked)
			// What was refused for another reason is not remembered.
			s.answers = []reply{says(good)}
			_, err = client.Ask(t.Context(), question, anything)
			require.NoError(t, err)
			require.Contains(t, s.asked[len(s.asked)-1], "response_format")
		})
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	client, s := serve(t, "", reply{200, `{"object":"list","data":[{"id":"a","object":"model"},{"id":"b"}]}`})
	names, err := client.Models(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, names)
	require.Equal(t, []string{"GET /v1/models Bearer " + answertest.Token}, s.paths)
}

func TestConfigFaultsAreListedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := llmapi.New(llmapi.Config{URL: "here/chat/completions", Token: "two words"}, http.DefaultClient, time.Now)
	require.True(t, fault.Is(err, fault.Invalid))
	require.Len(t, fault.Of(err).Fields, 4)
	require.NotContains(t, err.Error(), "two words")
}

// Without a word of what is refused, the schema is left out for that question alone.
func TestWhatIsLeftOutByGuessIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]reply{"JSON": refused(400, "Bad request"), "HTML": {400, "<h1>Bad Request</h1>"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, s := serve(t, "", refusal, says(good))
			for range 2 {
				_, err := client.Ask(t.Context(), question, anything)
				require.NoError(t, err)
			}
			require.Len(t, s.asked, 3)
			require.NotContains(t, s.asked[1], "response_format")
			require.Contains(t, s.asked[2], "response_format")
		})
	}
}

// A server's own words may be the prompt's, as in the 422 of FastAPI.
func TestAServersWordsAreNotTold(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]reply{
		"FastAPI's":      {422, `{"detail":[{"loc":["body"],"msg":"no","input":"My prompt"}]}`},
		"in an error":    {400, `{"error":{"message":"My prompt","code":"My prompt"}}`},
		"without a form": {403, "My prompt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, "", refusal)
			_, err := client.Ask(t.Context(), question, anything)
			f := fault.Of(err)
			require.Equal(t, fault.VendorRejected, f.Kind)
			require.NotContains(t, err.Error()+f.Answer.Message+f.Answer.Code, "My prompt")
		})
	}
}
