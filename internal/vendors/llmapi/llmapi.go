// Package llmapi is the adapter over language models: whatever serves OpenAI's chat completions. It turns every possible answer
// into a JSON object or a fault, and gets along with servers that leave out or refuse parts of that API. It must not know what is
// asked.
package llmapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/postwright/postwright/gen/llm"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
	"github.com/postwright/postwright/internal/vendors/endpoint"
)

// Vendor is the language model's name in metrics and faults.
const Vendor = "llm"

// What the settings are called in faults of the configuration.
const (
	URLSetting   = "LLM URL"
	TokenSetting = "LLM token"
	ModelSetting = "LLM model"
)

// maxModel bounds a model's name, in bytes.
const maxModel = 200

// Config says which model is asked, and how to reach it.
type Config struct {
	// URL is the base as OpenAI's own clients take it, such as https://api.openai.com/v1; where it has no path, /v1 is meant.
	URL   string
	Token string // sent as bearer; "" for a server that wants none
	Model string
}

// Faults lists everything that is wrong with the configuration.
func (c Config) Faults() []fault.Field {
	faults := slices.Concat(endpoint.CheckURL(URLSetting, c.URL), endpoint.CheckToken(TokenSetting, c.Token))
	if strings.HasSuffix(strings.TrimSuffix(c.URL, "/"), "/chat/completions") {
		faults = append(faults, fault.Field{Path: URLSetting, Problem: "must be without /chat/completions, such as https://api.openai.com/v1"})
	}
	if c.Model == "" || len(c.Model) > maxModel || strings.ContainsFunc(c.Model, func(r rune) bool { return r < ' ' || r == 0x7F }) {
		faults = append(faults, fault.Field{Path: ModelSetting, Problem: "must name a model of the server's, such as gpt-4o-mini or llama3.1"})
	}
	return faults
}

// base is the URL that the operations' paths follow.
func (c Config) base() string {
	if u, err := url.Parse(c.URL); err == nil && strings.Trim(u.Path, "/") == "" {
		return strings.TrimRight(c.URL, "/") + "/v1"
	}
	return c.URL
}

// Client asks one model. It is safe for concurrent use.
type Client struct {
	api    *llm.Client
	answer answer.Reader
	model  string
	spoken atomic.Pointer[dialect] // what the server has understood
}

// New returns a Client on an HTTP client of the seam. A faulty configuration is an Invalid fault.
func New(cfg Config, seam *http.Client, now answer.Clock) (*Client, error) {
	if err := fault.Fields(cfg.Faults()...); err != nil {
		return nil, err
	}
	api, err := llm.NewClient(cfg.base(), llm.WithHTTPClient(seam), llm.WithRequestEditorFn(endpoint.Bearer(cfg.Token)))
	if err != nil {
		return nil, fmt.Errorf("make the client of the language model: %w", err)
	}
	c := &Client{api: api, model: cfg.Model, answer: answer.Reader{Vendor: Vendor, Refine: refine, Now: now}}
	c.spoken.Store(&dialect{schema: true, temperature: true})
	return c, nil
}

// Model is the model that is asked, as it is configured.
func (c *Client) Model() string { return c.model }

// Question asks for a JSON object.
type Question struct {
	// System says what is to be done, and User with what: not ours, and not to be obeyed.
	System, User string
	// Schema is the object's JSON schema, and Name the schema's. Required are the members without which an object is none.
	Name     string
	Schema   map[string]any
	Required []string
	// MaxTokens bounds the answer.
	MaxTokens int
	// MayRepeat is asked before the question is sent once more after it may have arrived: each time may cost. nil is always.
	MayRepeat func(context.Context) bool
}

// Usage is how many tokens a question took and its answer had, as the server counts; 0 where it does not tell.
type Usage struct{ InputTokens, OutputTokens int }

// Reply is what is known of an answer, also of one that can't be used.
type Reply struct {
	Model string // as the server calls it; "" where it does not
	Usage Usage
	// Bytes is the answer's length, for where no tokens were counted.
	Bytes int
	// Again says that the question may have been worked on before, without an answer: the usage is of this time alone.
	Again bool
}

// Ask asks the model and hands its object to read, whose error is that of an answer that can't be used, and is shown to callers: it
// must not repeat what the model said. The reply comes with a fault too, as far as there was one.
func (c *Client) Ask(ctx context.Context, q Question, read func(object []byte) error) (Reply, error) {
	d := *c.spoken.Load()
	learned := d // what was refused by name is left out from then on, what was guessed for this question alone
	for {
		reply, err := c.ask(ctx, q, d, read)
		other, named, found := d.without(err)
		if !found {
			if understood(err) && learned != *c.spoken.Load() {
				c.spoken.Store(&learned)
			}
			return reply, withoutWords(err)
		}
		if named {
			learned, _, _ = learned.without(err)
		}
		d = other
	}
}

var machineCode = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// withoutWords is a fault without the server's own words, which may be the prompt's.
func withoutWords(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Answer != nil {
		f.Answer.Message = ""
		if !machineCode.MatchString(f.Answer.Code) {
			f.Answer.Code = ""
		}
	}
	return err
}

// understood reports whether a request was carried out, whatever came of it.
func understood(err error) bool {
	f := fault.Of(err)
	return err == nil || (f.Answer != nil && f.Answer.Status == http.StatusOK && f.Reason != outbound.ReasonBadAnswer)
}

func (c *Client) ask(ctx context.Context, q Question, d dialect, read func([]byte) error) (reply Reply, err error) {
	const operation = "createChatCompletion"
	ctx = outbound.WithOperation(ctx, operation)
	if q.MayRepeat != nil {
		ctx = outbound.AllowRepeats(ctx, q.MayRepeat)
	}
	resp, err := c.api.CreateChatCompletion(ctx, d.request(c.model, q))
	found, err := answer.Decode[completion](c.answer, operation, http.StatusOK, resp, err, "choices", "message", "content", "tool_calls")
	if err != nil {
		return Reply{}, err
	}
	reply = Reply{Model: fault.Clip(answer.Legible(found.Model), maxModel), Usage: Usage{
		InputTokens: count(found.Usage.PromptTokens), OutputTokens: count(found.Usage.CompletionTokens),
	}, Again: outbound.HadEffect(resp)}
	content, err := found.content()
	reply.Bytes = len(content)
	if err == nil {
		var object []byte
		if object, err = Object(content, q.Required...); err == nil {
			err = read(object)
		}
	}
	if err != nil {
		err = c.unusable(operation, resp, err)
	}
	return reply, err
}

// unusable is the fault of an answer whose object is missing or wrong. A fault brings its own kind, reason and words.
func (c *Client) unusable(operation string, resp *http.Response, err error) error {
	f := c.answer.Unusable(operation, resp, err)
	var own *fault.Error
	if errors.As(err, &own) {
		f.Kind, f.Reason, f.Message = own.Kind, own.Reason, own.Message
		return f
	}
	f.Message = fmt.Sprintf("%s gave an answer that can't be used: %s.", outbound.DisplayName(Vendor), err)
	return f
}

// Models are the names of the models that the server has.
func (c *Client) Models(ctx context.Context) ([]string, error) {
	const operation = "listModels"
	resp, err := c.api.ListModels(outbound.WithOperation(ctx, operation))
	found, err := answer.Decode[struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}](c.answer, operation, http.StatusOK, resp, err, "data")
	if err != nil {
		return nil, err
	}
	if found.Data == nil {
		return nil, c.answer.Unusable(operation, resp, errors.New("the answer lists no models"))
	}
	names := make([]string, len(found.Data))
	for i, model := range found.Data {
		names[i] = model.ID
	}
	return names, nil
}
