package apptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Answer is what curl would show of a call.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// APIError is connect's error in JSON.
type APIError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details []struct {
		Type  string          `json:"type"`
		Debug json.RawMessage `json:"debug"`
	} `json:"details"`
}

// Curl calls a method as curl would: JSON over HTTP/1.1. body is sent as it is.
func (w *World) Curl(key, method string, body []byte) Answer {
	w.T.Helper()
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodPost, w.URL+"/postwright.v1."+method, bytes.NewReader(body))
	require.NoError(w.T, err)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	return w.Send(req)
}

// Get asks a node as a prober would.
func (w *World) Get(url string) Answer {
	w.T.Helper()
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodGet, url, nil)
	require.NoError(w.T, err)
	return w.Send(req)
}

// GetPost asks for a post, with what a test changes about the request.
func (w *World) GetPost(key, id string, change ...func(*http.Request)) Answer {
	w.T.Helper()
	url, body := w.URL+"/postwright.v1.PostService/GetPost", strings.NewReader(`{"id":"`+id+`"}`)
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodPost, url, body)
	require.NoError(w.T, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key)
	for _, c := range change {
		c(req)
	}
	return w.Send(req)
}

// Send sends a request over a connection of its own.
func (w *World) Send(req *http.Request) Answer {
	w.T.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	require.NoError(w.T, err)
	defer func() { require.NoError(w.T, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.T, err)
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
}

// Failure reads the answer as connect's error.
func (a Answer) Failure(t *testing.T) APIError {
	t.Helper()
	var e APIError
	require.NoError(t, json.Unmarshal(a.Body, &e), "%s", a.Body)
	return e
}

// Fields are the fields that the answer objects to, with its reason.
func (e APIError) Fields(t *testing.T) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for _, d := range e.Details {
		if d.Type != "google.rpc.BadRequest" {
			continue
		}
		var bad struct {
			FieldViolations []struct{ Field, Description string }
		}
		require.NoError(t, json.Unmarshal(d.Debug, &bad))
		for _, v := range bad.FieldViolations {
			fields[v.Field] = v.Description
		}
	}
	return fields
}

// JSON is a value in JSON.
func JSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// OverHTTP2 speaks HTTP/2 without TLS.
func OverHTTP2() *http.Transport {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	return transport
}

// GRPCConn is a client of gRPC's own library, as it is without settings.
func (w *World) GRPCConn(options ...grpc.DialOption) *grpc.ClientConn {
	w.T.Helper()
	address, err := url.Parse(w.URL)
	require.NoError(w.T, err)
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	conn, err := grpc.NewClient("passthrough:///"+address.Host, append(options, plain)...)
	require.NoError(w.T, err)
	w.T.Cleanup(func() { assert.NoError(w.T, conn.Close()) })
	return conn
}

// Scrape reads /metrics with Prometheus's own parser: the value of each counter and gauge, by name and labels.
func (w *World) Scrape() map[string]float64 {
	w.T.Helper()
	got := w.Get(w.URL + "/metrics")
	require.Equal(w.T, http.StatusOK, got.Status)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(got.Body))
	require.NoError(w.T, err)
	samples := map[string]float64{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			key := name
			for _, l := range m.GetLabel() {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			samples[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return samples
}
