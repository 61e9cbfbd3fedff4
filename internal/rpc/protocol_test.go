package rpc_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/grpcreflect/v2"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
)

func TestReadsCanBeHadWithGET(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	post := w.Draft("Got")
	get := func(method, message string) apptest.Answer {
		query := url.Values{"encoding": {"json"}, "message": {message}, "connect": {"v1"}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/postwright.v1.PostService/"+method+"?"+query.Encode(), nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+w.Key)
		return w.Send(req)
	}
	require.Contains(t, string(get("GetPost", `{"id":"`+post.GetId()+`"}`).Body), `"content":"Got"`)
	require.Equal(t, http.StatusMethodNotAllowed, get("DeletePost", `{"id":"`+post.GetId()+`"}`).Status, "what has an effect can't")
}

func TestGRPCWorksWithoutTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	post := w.Draft("Over HTTP/2")
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	client := w.ClientOver(transport, w.Key, connecthttp.WithGRPC())
	res, err := postwrightv1connect.NewPostServiceClient(client).GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
	require.NoError(t, err)
	require.Equal(t, "Over HTTP/2", res.GetPost().GetContent())

	stream := grpcreflect.NewClient(w.ClientOver(transport, "", connecthttp.WithGRPC())).NewStream(t.Context())
	names, err := stream.ListServices()
	require.NoError(t, err)
	require.Contains(t, names, protoreflect.FullName("postwright.v1.PostService"))
	err = stream.Close()
	require.NoError(t, err)
}

func TestOnlyNamedOriginsMayCallFromABrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Server.Origins = []string{"https://app.example.org"} })
	w.Serve()
	ask := func(origin string) http.Header {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, w.URL+"/postwright.v1.PostService/CreatePost", nil)
		require.NoError(t, err)
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", http.MethodPost)
		req.Header.Set("Access-Control-Request-Headers", "authorization,connect-protocol-version,content-type")
		return w.Send(req).Header
	}
	require.Equal(t, "https://app.example.org", ask("https://app.example.org").Get("Access-Control-Allow-Origin"))
	require.Empty(t, ask("https://evil.example.org").Get("Access-Control-Allow-Origin"))
}

func TestHealthSaysWhatIsReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	get := func(path string) apptest.Answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+path, nil)
		require.NoError(t, err)
		return w.Send(req)
	}
	require.Equal(t, 200, get("/healthz").Status)
	require.JSONEq(t, `{"server":"ok","database":"ok","migrations":"ok","workers":"ok"}`, string(get("/readyz").Body))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/grpc.health.v1.Health/Check",
		strings.NewReader(`{"service":"postwright.v1.PostService"}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	require.JSONEq(t, `{"status":"SERVING_STATUS_SERVING"}`, string(w.Send(req).Body), "gRPC's own health service")
}

// The names that dashboards and callers rely on, read with Prometheus's own parser.
func TestOperationsAreMeasuredUnderTheirNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.Publish(w.Draft("Measured"))
	w.Curl(w.Key, "PostService/GetPost", []byte(`{"id":"01900000-0000-7000-8000-000000000009"}`))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/metrics", nil)
	require.NoError(t, err)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(w.Send(req).Body))
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, name := range []string{"db_operation_duration_seconds", "api_operation_duration_seconds"} {
		require.Contains(t, families, name)
		for _, m := range families[name].GetMetric() {
			labels := ""
			for _, l := range m.GetLabel() {
				labels += l.GetName() + "=" + l.GetValue() + " "
			}
			seen[labels] = m.GetHistogram().GetSampleCount() > 0
		}
	}
	for _, want := range []string{"operation=PostInsert ", "operation=PublicationBegin ", "operation=Commit ",
		"operation=createPost vendor=linkedin "} {
		require.True(t, seen[want], "%q is among %v", want, seen)
	}
	for _, m := range families["db_operation_errors_total"].GetMetric() {
		require.Zero(t, m.GetCounter().GetValue(), "a post that is not there is an answer, not an error: %v", m)
	}
}
