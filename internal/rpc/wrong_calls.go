package rpc

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/grpchealth"
	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/spelling"
)

// noMethod is the procedure that calls of what there is not are counted under.
const noMethod = "none"

// framing is how a message of a stream is sent with the Connect protocol.
const framing = "send the message in a frame, with Content-Type: application/connect+json: a zero byte, the message's length as four bytes with " +
	"the highest first, then the message; the README has a line for curl"

// The prefixes of content types by protocol: what follows is the codec.
const (
	connectUnaryType  = "application/"
	connectStreamType = "application/connect+"
	grpcType          = "application/grpc"
	grpcWebType       = "application/grpc-web"
)

// method is what is known of a procedure before a call of it is read.
type method struct {
	stream connect.StreamType
	read   bool // can be had with GET
}

// wrongCall is an answer to a call that never gets to its method.
type wrongCall struct {
	status int // of HTTP, where the protocol has no other place for it
	code   connect.Code
	words  string
	header http.Header
}

func wrong(status int, format string, args ...any) *wrongCall {
	return &wrongCall{status: status, code: connect.CodeInvalidArgument, words: fmt.Sprintf(format, args...)}
}

func (w *wrongCall) with(header, value string) *wrongCall {
	w.header = http.Header{header: {value}}
	return w
}

// refuseWrongCalls answers calls that connect answers with a bare status or in words that name no remedy: of what there is
// not, in a way that there is not. They ask for no key, since none of them gets to anything. They are counted, all of what there
// is not as one, and not logged: strangers make as many as they like. How often they are told is for delay to say.
func refuseWrongCalls(
	methods map[string]method, delay Delay, observe func(procedure, code string, took time.Duration), next http.Handler,
) http.Handler {
	names := make([]string, 0, len(methods))
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	answer := connecthttp.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		this, known := methods[r.URL.Path]
		var refused *wrongCall
		procedure := r.URL.Path
		switch {
		case known:
			refused = checkCall(r, this)
		case r.Method == http.MethodConnect:
			refused = wrong(http.StatusMethodNotAllowed, "CONNECT is for a proxy, and this is none: methods take POST.").with("Allow", "GET, POST")
			procedure = noMethod
		default:
			refused, procedure = unknownPath(r.URL.Path, names), noMethod
		}
		if refused == nil {
			frame(r, this)
			next.ServeHTTP(w, r)
			return
		}
		observe(procedure, refused.code.String(), 0)
		leaveArrivals(r.Context())
		delay(r.Context(), uuid.Nil)
		for name, values := range refused.header {
			w.Header()[name] = values
		}
		framed := strings.HasPrefix(mediaType(r), grpcType)
		if !framed { // whatever was meant, a person can read JSON, and connect's clients do
			r = r.Clone(r.Context())
			r.Header.Del("Content-Type")
			w = &statusWriter{ResponseWriter: w, status: refused.status}
		}
		_ = answer.Write(w, r, connect.NewError(refused.code, refused.words)) // a caller who left learns nothing
	})
}

// statusWriter answers with a status of its own.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(int) { w.ResponseWriter.WriteHeader(w.status) }

// mediaType is a request's content type without its parameters, in lower case.
func mediaType(r *http.Request) string {
	base, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(base))
}

// unknownPath says what is meant by a path that is no method's. Its code is unimplemented, for the server may be older than the
// client.
func unknownPath(path string, names []string) *wrongCall {
	shown := strconv.Quote(fault.Clip(path, maxWords))
	service, name, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	meant := spelling.Nearest(path, names)
	if last := name[strings.LastIndexByte(name, '/')+1:]; meant == "" && len(last) <= spelling.Longest {
		meant = sameName(last, names)
	}
	prefix := "/" + service + "/"
	refused := wrong(http.StatusNotFound, "")
	refused.code = connect.CodeUnimplemented
	switch {
	case meant != "":
		refused.words = fmt.Sprintf("There is no method %s: did you mean %s?", shown, meant)
	case slices.ContainsFunc(names, func(known string) bool { return strings.HasPrefix(known, prefix) }):
		refused.words = fmt.Sprintf("There is no method %s: reflection and specs/api list those of %s.", shown, service)
	default:
		refused.words = fmt.Sprintf("There is nothing at %s: methods are at /postwright.v1.<Service>/<Method>, such as "+
			"/postwright.v1.PostService/ListPosts, and take POST; /healthz, /readyz and /metrics take GET.", shown)
	}
	return refused
}

// sameName is the method, of whatever service, that a name means but for case and signs; "" for none.
func sameName(written string, names []string) string {
	plain := spelling.Letters(written)
	for _, known := range names {
		if _, method, _ := strings.Cut(known[1:], "/"); spelling.Letters(method) == plain {
			return known
		}
	}
	return ""
}

// checkCall says what is wrong with how a method is called, nil for nothing.
func checkCall(r *http.Request, m method) *wrongCall {
	switch {
	case r.Method == http.MethodGet && m.read:
		return checkGet(r)
	case r.Method != http.MethodPost:
		return wrongVerb(r, m)
	case m.stream == connect.StreamTypeBidi && r.ProtoMajor < 2:
		return wrong(http.StatusHTTPVersionNotSupported, "The method is a stream in both directions, which takes HTTP/2: call it with a client of gRPC.").
			with("Connection", "close")
	}
	if refused := checkContentType(r, m); refused != nil {
		return refused
	}
	if refused := checkCompression(encodingHeader(r, m), r.Header.Get(encodingHeader(r, m))); refused != nil {
		return refused
	}
	return checkTimeout(r)
}

func wrongVerb(r *http.Request, m method) *wrongCall {
	allowed, takes, how := http.MethodPost, "POST", "send the message as the body, with Content-Type: application/json"
	switch {
	case m.read:
		allowed, takes = "GET, POST", "GET and POST"
	case m.stream != connect.StreamTypeUnary:
		how = framing
	}
	if r.Method == http.MethodOptions {
		how += "; pages of other origins may call where --origins names theirs"
	}
	return wrong(http.StatusMethodNotAllowed, "The method takes %s, not %s: %s.", takes, fault.Clip(r.Method, maxWords), how).with("Allow", allowed)
}

// checkGet checks a read whose message is in the address.
func checkGet(r *http.Request) *wrongCall {
	query := r.URL.Query()
	const how = "add ?encoding=json&message= and the message in JSON, percent-encoded, or send it with POST and Content-Type: application/json"
	encoding, message := query.Get("encoding"), query.Get("message")
	switch version := query.Get("connect"); {
	case !query.Has("encoding") && !query.Has("message"):
		return wrong(http.StatusBadRequest, "The address has no message: %s.", how)
	case !query.Has("message"):
		return wrong(http.StatusBadRequest, "The address has no parameter message: %s.", how)
	case encoding != "json" && encoding != "proto":
		return wrong(http.StatusBadRequest, "The parameter encoding must be json or proto, not %q: %s.", fault.Clip(encoding, maxWords), how)
	case version != "" && version != "v1":
		return wrong(http.StatusBadRequest, "The parameter connect must be v1, not %q: leave it out.", fault.Clip(version, maxWords))
	case hasBody(r):
		return wrong(http.StatusBadRequest, "A GET has its message in the address, and this one has a body: leave the body out, or send it with POST.")
	}
	if query.Get("base64") == "1" {
		if _, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(message, "=")); err != nil {
			return wrong(
				http.StatusBadRequest,
				"The parameter message is not in base64 with - and _, which base64=1 says: encode it so, or leave base64 out.",
			)
		}
	}
	if refused := checkCompression("compression", query.Get("compression")); refused != nil {
		return refused
	}
	return checkTimeout(r)
}

// hasBody reports whether anything comes with a GET.
func hasBody(r *http.Request) bool {
	if r.ContentLength >= 0 {
		return r.ContentLength > 0
	}
	// It says no length, as some clients do where there is nothing; and nothing more is waited for than its end.
	this := connectionOf(r.Context())
	this.readUntil(time.Now().Add(lingering))
	_, err := r.Body.Read(make([]byte, 1))
	this.readUntil(time.Time{})
	return !errors.Is(err, io.EOF)
}

// checkContentType checks how the message is encoded.
func checkContentType(r *http.Request, m method) *wrongCall {
	header, unary := r.Header.Get("Content-Type"), m.stream == connect.StreamTypeUnary
	if unary && (header == "application/json" || header == "application/proto") { // as nearly all have it
		return nil
	}
	refuse := func(format string, args ...any) *wrongCall {
		accepted := "application/json, application/proto"
		if m.stream != connect.StreamTypeUnary {
			accepted = "application/connect+json, application/connect+proto"
		}
		return wrong(http.StatusUnsupportedMediaType, format, args...).with("Accept-Post", accepted+", application/grpc, application/grpc-web")
	}
	how := "send the message as JSON with Content-Type: application/json"
	if !unary {
		how = framing
	}
	if m.stream == connect.StreamTypeBidi {
		how = "call it with a client of gRPC"
	}
	base, parameters, err := mime.ParseMediaType(header)
	codec := ""
	switch {
	case header == "":
		return refuse("The request has no Content-Type: %s.", how)
	case err != nil:
		return refuse("The Content-Type %q can't be read: %s.", fault.Clip(header, maxWords), how)
	case unary && (base == "application/x-www-form-urlencoded" || base == "multipart/form-data"):
		return refuse(
			"The Content-Type is that of a form, which curl sends unless told otherwise: %s (curl -H 'Content-Type: application/json' -d '{…}').",
			how,
		)
	case parameters["charset"] != "" && !strings.EqualFold(parameters["charset"], "utf-8"):
		return refuse("The Content-Type names the charset %q, and texts are in utf-8: %s.", fault.Clip(parameters["charset"], maxWords), how)
	case len(parameters) > 1, len(parameters) == 1 && parameters["charset"] == "":
		return refuse("The Content-Type has parameters that are not known: %s.", how)
	case base == grpcType, base == grpcWebType:
		return nil
	case strings.HasPrefix(base, grpcWebType+"+"):
		codec = strings.TrimPrefix(base, grpcWebType+"+")
	case strings.HasPrefix(base, grpcType+"+"):
		codec = strings.TrimPrefix(base, grpcType+"+")
	case strings.HasPrefix(base, connectStreamType) && unary:
		return refuse("The method is no stream: send the message without a frame, as JSON with Content-Type: application/json.")
	case strings.HasPrefix(base, connectStreamType):
		codec = strings.TrimPrefix(base, connectStreamType)
	case !unary:
		return refuse("The method is a stream: %s.", how)
	case strings.HasPrefix(base, connectUnaryType):
		codec = strings.TrimPrefix(base, connectUnaryType)
	}
	if codec != "json" && codec != "proto" {
		return refuse("The Content-Type %q is not taken: %s.", fault.Clip(header, maxWords), how)
	}
	return nil
}

// encodingHeader is where the protocol of a call says how its messages are compressed.
func encodingHeader(r *http.Request, m method) string {
	switch {
	case strings.HasPrefix(mediaType(r), grpcType):
		return "Grpc-Encoding"
	case m.stream != connect.StreamTypeUnary:
		return "Connect-Content-Encoding"
	}
	return "Content-Encoding"
}

func checkCompression(where, name string) *wrongCall {
	if name == "" || name == connect.CompressionNameIdentity || name == connect.CompressionNameGzip {
		return nil
	}
	refused := wrong(http.StatusUnsupportedMediaType, "%s is %q, which is not known: use gzip, or none.", where, fault.Clip(name, maxWords))
	refused.code = connect.CodeUnimplemented // as gRPC's and connect's specifications have it
	return refused.with("Accept-Encoding", connect.CompressionNameGzip)
}

// checkTimeout checks how long the caller says that they wait.
func checkTimeout(r *http.Request) *wrongCall {
	if given := r.Header.Get("Connect-Timeout-Ms"); given != "" && !strings.HasPrefix(mediaType(r), grpcType) {
		if !digits(given, 10) {
			return wrong(http.StatusBadRequest, "Connect-Timeout-Ms is %q and must be whole milliseconds of at most ten digits, such as 5000.",
				fault.Clip(given, maxWords))
		}
		return checkAnyTime("Connect-Timeout-Ms", given)
	}
	if given := r.Header.Get("Grpc-Timeout"); given != "" && strings.HasPrefix(mediaType(r), grpcType) {
		if last := len(given) - 1; !digits(given[:last], 8) || strings.IndexByte("HMSmun", given[last]) < 0 {
			return wrong(http.StatusBadRequest, "Grpc-Timeout is %q and must be at most eight digits and a unit, H, M, S, m, u or n, such as 5S.",
				fault.Clip(given, maxWords))
		}
		return checkAnyTime("Grpc-Timeout", given[:len(given)-1])
	}
	return nil
}

// checkAnyTime refuses a caller who does not wait at all, with the code that such a call ends with anyway: it would come as far as
// the log.
func checkAnyTime(header, number string) *wrongCall {
	if strings.Trim(number, "0") != "" {
		return nil
	}
	refused := wrong(http.StatusGatewayTimeout, "%s is 0, and nothing can be answered in no time: give the call some, or leave it out.", header)
	refused.code = connect.CodeDeadlineExceeded
	return refused
}

// digits reports whether a text is a whole number of at most so many digits.
func digits(text string, most int) bool {
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

// healthCheck is the method of gRPC's health service that tells where the service stands now.
const healthCheck = "/" + grpchealth.HealthV1ServiceName + "/Check"

// healthMethods are those of gRPC's health service, which is made with connect's first generation.
func healthMethods() map[string]method {
	return map[string]method{
		healthCheck: {stream: connect.StreamTypeUnary},
		"/" + grpchealth.HealthV1ServiceName + "/Watch": {stream: connect.StreamTypeServer},
	}
}
