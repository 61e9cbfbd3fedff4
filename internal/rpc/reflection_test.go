package rpc_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/limit"
)

const reflectionPath = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"

// reflection is one stream of it, and what it has brought.
type reflection struct {
	t        *testing.T
	stream   grpc.BidiStreamingClient[reflectionv1.ServerReflectionRequest, reflectionv1.ServerReflectionResponse]
	messages int
	bytes    int
}

func (w *world) reflection() *reflection {
	w.T.Helper()
	stream, err := reflectionv1.NewServerReflectionClient(w.GRPCConn()).ServerReflectionInfo(w.T.Context())
	require.NoError(w.T, err)
	return &reflection{t: w.T, stream: stream}
}

func (r *reflection) try(request *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
	if err := r.stream.Send(request); err != nil && !errors.Is(err, io.EOF) { // a stream that has ended says why when it is read
		return nil, err
	}
	response, err := r.stream.Recv()
	if err == nil {
		r.messages, r.bytes = r.messages+1, r.bytes+proto.Size(response)
	}
	return response, err
}

func containing(symbol string) *reflectionv1.ServerReflectionRequest {
	return &reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: symbol},
	}
}

// files are those that an answer brought.
func (r *reflection) files(request *reflectionv1.ServerReflectionRequest) (files []*descriptorpb.FileDescriptorProto) {
	r.t.Helper()
	response, err := r.try(request)
	require.NoError(r.t, err)
	require.Nil(r.t, response.GetErrorResponse(), "%v", request)
	for _, packed := range response.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := &descriptorpb.FileDescriptorProto{}
		require.NoError(r.t, proto.Unmarshal(packed, file))
		files = append(files, file)
	}
	return files
}

// services lists them.
func (r *reflection) services() (names []string) {
	r.t.Helper()
	response, err := r.try(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
	require.NoError(r.t, err)
	for _, service := range response.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	return names
}

// As grpcurl, buf curl and Postman do it, and as one would that keeps nothing of what it got.
func TestReflectionTellsAllOfTheAPIOnOneStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	r := w.reflection()
	services := r.services()
	require.Contains(t, services, "postwright.v1.PostService")
	require.Len(t, services, 10, "reflection's two are among them")
	known := map[string]*descriptorpb.FileDescriptorProto{}
	for _, service := range services {
		for _, file := range r.files(containing(service)) {
			known[file.GetName()] = file
		}
	}
	all := &descriptorpb.FileDescriptorSet{}
	for name, file := range known {
		all.File = append(all.File, file)
		again := r.files(
			&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_FileByFilename{FileByFilename: name}},
		)
		require.Equal(t, name, again[0].GetName())
	}
	resolved, err := protodesc.NewFiles(all)
	require.NoError(t, err, "nothing is missing")
	t.Logf("every service and every file: %d messages, %d KiB", r.messages, r.bytes>>10)

	r = w.reflection()
	symbols := 0
	ask := func(d protoreflect.Descriptor) {
		symbols++
		require.NotEmpty(t, r.files(containing(string(d.FullName()))))
	}
	resolved.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(file.Path(), "postwright/") {
			return true
		}
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			ask(service)
			for j := range service.Methods().Len() {
				ask(service.Methods().Get(j))
			}
		}
		for i := range file.Messages().Len() {
			ask(file.Messages().Get(i))
		}
		for i := range file.Enums().Len() {
			ask(file.Enums().Get(i))
		}
		return true
	})
	require.Greater(t, symbols, 100)
	t.Logf("every symbol of the API: %d messages, %d KiB", r.messages, r.bytes>>10)
}

// What is asked for with 64 KiB must not be a hundred megabytes, however it is asked.
func TestReflectionAnswersNoMoreThanOneCallMayAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	for name, request := range map[string]*reflectionv1.ServerReflectionRequest{
		"a large file":    containing("buf.validate.Rule"),
		"the largest one": containing("postwright.v1.Post"),
		"the services":    {MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}},
		"what is not":     containing("x"),
		"extensions": {MessageRequest: &reflectionv1.ServerReflectionRequest_AllExtensionNumbersOfType{
			AllExtensionNumbersOfType: "google.protobuf.FieldOptions",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packed, err := proto.Marshal(request)
			require.NoError(t, err)
			frame := append([]byte{0, 0, 0, 0, byte(len(packed))}, packed...)
			body := bytes.Repeat(frame, (64<<10)/len(frame))
			transport := apptest.OverHTTP2()
			t.Cleanup(transport.CloseIdleConnections)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+reflectionPath, bytes.NewReader(body))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/grpc")
			res, err := (&http.Client{Transport: transport}).Do(req)
			require.NoError(t, err)
			answer, err := io.Copy(io.Discard, res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			t.Logf("%d frames, %d KiB: %d KiB of answer", len(body)/len(frame), len(body)>>10, answer>>10)
			require.LessOrEqual(t, answer, int64(2<<20+64<<10))
			require.Equal(t, fmt.Sprint(int(codes.ResourceExhausted)), res.Trailer.Get("Grpc-Status"))
			require.Contains(t, res.Trailer.Get("Grpc-Message"), "make another call for the rest")
		})
	}
}

func TestStreamsWithoutAKeyAreLimitedPerAddressAndFillNoLog(t *testing.T) {
	t.Parallel()
	var log apptest.Log
	w := newLoggedWorld(t, slog.New(slog.NewJSONHandler(&log, nil)), func(c *app.Config) { c.Server.ClientAddressHeader = "X-From" })
	w.Serve()
	transport := apptest.OverHTTP2()
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	call := func(path, from string) (code, retryAfter string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path, bytes.NewReader([]byte{0, 0, 0, 0, 2, 0x3a, 0}))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/grpc")
		req.Header.Set("X-From", from)
		res, err := client.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return cmp.Or(res.Header.Get("Grpc-Status"), res.Trailer.Get("Grpc-Status")), res.Header.Get("Retry-After")
	}
	const exhausted = "8"
	taken := 0
	for {
		code, retryAfter := call(reflectionPath, "192.0.2.1")
		if code == exhausted {
			require.NotEmpty(t, retryAfter)
			break
		}
		require.Equal(t, "0", code)
		taken++
		require.Less(t, taken, 1_000)
	}
	require.GreaterOrEqual(t, taken, 40)
	require.Eventually(t, func() bool {
		code, _ := call(strings.Replace(reflectionPath, "v1", "v1alpha", 1), "192.0.2.1")
		return code == exhausted
	},
		apptest.WaitLimit, 1, "the two versions have one bucket")
	code, _ := call(reflectionPath, "192.0.2.2")
	require.Equal(t, "0", code, "another address has its own")
	for range 100 {
		code, _ = call("/grpc.health.v1.Health/Check", "192.0.2.1")
		require.NotEqual(t, exhausted, code, "load balancers go on asking for health")
	}
	calls := 0
	for line := range strings.Lines(log.String()) {
		var l struct{ Msg, Code string }
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		if l.Msg == "call" {
			calls++
			require.Equal(t, "resource_exhausted", l.Code)
		}
	}
	require.Equal(t, 1, calls, "the first refusal: %s", log.String())
}

func TestARefusalOfReflectionSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	r := w.reflection()
	var err error
	for err == nil {
		_, err = r.try(containing("x"))
		require.LessOrEqual(t, r.messages, 1_000)
	}
	require.Equal(t, codes.ResourceExhausted, status.Code(err), "%v", err)
	reasons := ""
	for _, detail := range status.Convert(err).Details() {
		if info, is := detail.(*errdetails.ErrorInfo); is {
			reasons += info.GetReason()
		}
	}
	require.Equal(t, limit.ReasonKeylessAnswers, reasons)
}
