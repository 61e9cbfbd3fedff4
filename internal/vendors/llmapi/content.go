package llmapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer"
)

// Reasons of the faults made here, beside those of every vendor.
const (
	ReasonRefused     = "MODEL_REFUSED"      // by the model, or by a filter of its server's
	ReasonTruncated   = "ANSWER_TRUNCATED"   // at the most tokens that it may have
	ReasonToolsWanted = "TOOLS_WANTED"       // it asks for a tool, though it was offered none
	ReasonNoCredit    = "INSUFFICIENT_QUOTA" // the account at the model's server has no money left
)

// maxContent bounds what is looked at of an answer, in bytes: several times the longest post.
const maxContent = 64 << 10

// completion is a server's answer. Members may be missing; docs of servers differ more than their clients like.
type completion struct {
	Model   string `json:"model"`
	Choices []struct {
		FinishReason string `json:"finish_reason"`
		Message      *struct {
			Content      *string    `json:"content"`
			Refusal      *string    `json:"refusal"`
			ToolCalls    []struct{} `json:"tool_calls"`
			FunctionCall *struct{}  `json:"function_call"`
		} `json:"message"`
	} `json:"choices"`
	Usage struct {
		PromptTokens     int64 `json:"prompt_tokens"`
		CompletionTokens int64 `json:"completion_tokens"`
	} `json:"usage"`
}

// count is a number of tokens within reason.
func count(tokens int64) int { return int(min(max(tokens, 0), 1<<30)) }

// content is what the model says, or why it says nothing. Its own words of refusal are not told: they may be the prompt's.
func (c completion) content() (string, error) {
	if len(c.Choices) == 0 || c.Choices[0].Message == nil {
		return "", errors.New("it has no message")
	}
	choice := c.Choices[0]
	m := choice.Message
	switch finish := choice.FinishReason; {
	case m.Refusal != nil && *m.Refusal != "":
		return *m.Refusal, fault.New(fault.VendorRejected, "The language model refused to answer.").WithReason(ReasonRefused)
	case finish == "content_filter":
		return "", fault.New(fault.VendorRejected, "The language model's server kept its answer back as harmful.").WithReason(ReasonRefused)
	case len(m.ToolCalls) > 0, m.FunctionCall != nil, finish == "tool_calls", finish == "function_call":
		return "", fault.New(fault.VendorUnavailable, "The language model asks for a tool, and was offered none.").WithReason(ReasonToolsWanted)
	case finish == "length":
		content := ""
		if m.Content != nil {
			content = *m.Content
		}
		return content, fault.New(fault.VendorUnavailable, "The language model's answer broke off at the most tokens that it may have: "+
			"raise --llm-max-tokens, or shorten the text.").WithReason(ReasonTruncated)
	case m.Content == nil, strings.TrimSpace(*m.Content) == "":
		return "", errors.New("it is empty")
	case len(*m.Content) > maxContent:
		return *m.Content, errors.New("it is far too long")
	}
	return *m.Content, nil
}

// maxOpenings bounds the places at which an object is looked for.
const maxOpenings = 64

// Object is the one JSON object with all of the members in what a model says, which may put it in a code fence or in prose, or
// think aloud first. Two that differ are as bad as none: which is meant can't be told.
func Object(content string, members ...string) ([]byte, error) {
	if _, after, thought := strings.Cut(content, "</think>"); thought {
		content = after
	}
	var found []byte
	rest := []byte(content)
	for range maxOpenings {
		at := bytes.IndexByte(rest, '{')
		if at < 0 {
			break
		}
		rest = rest[at:]
		var object json.RawMessage
		if json.NewDecoder(bytes.NewReader(rest)).Decode(&object) != nil {
			rest = rest[1:]
			continue
		}
		rest = rest[len(object):]
		if !has(object, members) {
			continue
		}
		if found != nil && !bytes.Equal(found, object) {
			return nil, errors.New("it holds several answers")
		}
		found = object
	}
	if found == nil {
		return nil, errors.New("it holds no JSON object with what was asked for")
	}
	return found, nil
}

func has(object []byte, members []string) bool {
	var there map[string]json.RawMessage
	if json.Unmarshal(object, &there) != nil {
		return false
	}
	for _, name := range members {
		if _, ok := there[name]; !ok {
			return false
		}
	}
	return true
}

// refine reads {"error":{"message":…,"type":…,"param":…,"code":…}}, of which servers leave out or add what they like.
func refine(f *fault.Error, body []byte) {
	var e struct {
		Error *struct {
			Message string `json:"message"`
			Type    string `json:"type"`
			Param   string `json:"param"`
			Code    string `json:"code"`
		} `json:"error"`
	}
	if !answer.Lenient(body, &e) || e.Error == nil {
		f.Answer.Message = string(body) // not the form agreed on: kept for a person to read
		return
	}
	f.Answer.Code, f.Answer.Message = e.Error.Code, e.Error.Message
	if f.Answer.Code == "" {
		f.Answer.Code = e.Error.Type
	}
	if e.Error.Param != "" && !strings.Contains(e.Error.Message, e.Error.Param) {
		f.Answer.Message += " (" + e.Error.Param + ")"
	}
	switch code := e.Error.Code; {
	case f.Kind == fault.VendorRejected && (code == "content_filter" || code == "content_policy_violation"):
		f.Message, f.Reason = outbound.DisplayName(Vendor)+"'s server refused the text as harmful.", ReasonRefused
	case f.Answer.Status == http.StatusTooManyRequests && code == "insufficient_quota":
		f.Message, f.Reason = outbound.DisplayName(Vendor)+"'s server says that the account has no credit left.", ReasonNoCredit
	case f.Kind == fault.VendorRejected || f.Kind == fault.VendorAuth:
		f.Reason = answer.Reason(strings.ToUpper(f.Answer.Code))
	}
}
