package siege

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Procedures of the API, as paths.
const (
	pathPosts         = "/postwright.v1.PostService/"
	pathReflection    = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	pathAccounts      = "/postwright.v1.AccountService/"
	pathNotifications = "/postwright.v1.NotificationService/"
)

// maxAnswer is where the reading of an answer ends: far beyond what any may have.
const maxAnswer = 256 * mebibyte

// answer is what came back for a request.
type answer struct {
	status     int
	bytes      int64
	code       string // connect's, of a refusal
	retryAfter bool   // whether it says when to come back, in whole seconds of at least 1
	took       time.Duration
}

// post sends a JSON message to a procedure, as curl would: without a deadline of its own in the headers. key may be empty.
func (s *stage) post(ctx context.Context, client *http.Client, path, key string, body []byte, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.node.URL+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return s.do(client, req)
}

// get reads a page.
func (s *stage) get(ctx context.Context, client *http.Client, path string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.node.URL+path, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	return s.do(client, req)
}

func (s *stage) do(client *http.Client, req *http.Request) (answer, error) {
	s.sent.Add(1)
	began := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return answer{took: time.Since(began)}, err
	}
	defer func() { _ = res.Body.Close() }()
	var head bytes.Buffer // enough for the code of a refusal, which comes first
	n, err := io.Copy(io.Discard, io.TeeReader(io.LimitReader(res.Body, maxAnswer), &limited{to: &head, left: 4 << 10}))
	a := answer{status: res.StatusCode, bytes: n, took: time.Since(began)}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds >= 1 {
		a.retryAfter = true
	}
	a.code = codeOf(head.Bytes())
	return a, err
}

// codeOf reads the code of a refusal from the beginning of an answer; "" where there is none.
func codeOf(head []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(head))
	if _, err := decoder.Token(); err != nil { // {
		return ""
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return ""
		}
		if name == "code" {
			code, _ := decoder.Token()
			text, _ := code.(string)
			return text
		}
		var skipped json.RawMessage
		if decoder.Decode(&skipped) != nil {
			return ""
		}
	}
	return ""
}

// limited keeps the beginning of what is written to it.
type limited struct {
	to   *bytes.Buffer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	n := min(len(b), l.left)
	l.left -= n
	_, err := l.to.Write(b[:n])
	return len(b), err
}
