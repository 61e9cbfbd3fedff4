package app_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/sandbox"
)

// dial opens a connection that a test writes to byte by byte. Nothing on it takes longer than waitLimit.
func (w *world) dial() net.Conn {
	w.T.Helper()
	conn, err := new(net.Dialer).DialContext(w.T.Context(), "tcp", strings.TrimPrefix(w.URL, "http://"))
	require.NoError(w.T, err)
	w.T.Cleanup(func() { _ = conn.Close() })
	require.NoError(w.T, conn.SetDeadline(time.Now().Add(apptest.WaitLimit)))
	return conn
}

// head is the beginning of a request whose body is to follow in chunks.
func head(method, path, contentType, key string) string {
	h := method + " " + path + " HTTP/1.1\r\nHost: postwright\r\nContent-Type: " + contentType + "\r\nTransfer-Encoding: chunked\r\n"
	if key != "" {
		h += "Authorization: Bearer " + key + "\r\n"
	}
	return h + "\r\n"
}

const (
	unaryJSON  = "application/json"
	streamJSON = "application/connect+json"
	watchPath  = "/postwright.v1.PostService/WatchPost"
	getPath    = "/postwright.v1.PostService/GetPost"
)

func TestARequestThatNeverComesInIsEndedWhateverItAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.App.ShortenWire(500*time.Millisecond, time.Second)
	w.Serve()
	for name, begun := range map[string]string{
		"a call":                 head("POST", getPath, unaryJSON, w.Key),
		"a call without a key":   head("POST", getPath, unaryJSON, ""),
		"a stream":               head("POST", watchPath, streamJSON, w.Key),
		"a stream without a key": head("POST", watchPath, streamJSON, ""),
		"a stream over gRPC":     head("POST", watchPath, "application/grpc", w.Key),
		"reflection":             head("POST", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "application/grpc", ""),
		"health":                 head("POST", "/grpc.health.v1.Health/Check", unaryJSON, ""),
		"watching health":        head("POST", "/grpc.health.v1.Health/Watch", streamJSON, ""),
		"a consent":              head("GET", "/oauth/linkedin/callback", unaryJSON, ""),
		"metrics":                head("GET", "/metrics", unaryJSON, ""),
		"readiness":              head("GET", "/readyz", unaryJSON, ""),
		"nothing that is there":  head("POST", "/nowhere", unaryJSON, ""),
		"another method":         head("OPTIONS", getPath, unaryJSON, ""),
		"another form":           head("POST", getPath, "text/plain", w.Key),
		"an unknown compression": strings.Replace(head("POST", getPath, unaryJSON, w.Key), "\r\n\r\n", "\r\nContent-Encoding: br\r\n\r\n", 1),
		"nothing":                "",
		"half of the headers":    "POST " + getPath + " HTTP/1.1\r\nHost: postwright\r\nX-Slow: ",
	} {
		for _, body := range []struct{ name, begun string }{{"nothing of the body", ""}, {"half of the body", "5\r\n\x00\x00\x00\x01\x00\r\n"}} {
			t.Run(name+", "+body.name, func(t *testing.T) {
				t.Parallel()
				conn := w.dial()
				_, err := io.WriteString(conn, begun+body.begun)
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, conn)
				require.False(t, isTimeout(err), "the server has let the connection go")
			})
		}
	}
	t.Run("a body that trickles in", func(t *testing.T) {
		t.Parallel()
		conn := w.dial()
		_, err := io.WriteString(conn, head("POST", getPath, unaryJSON, w.Key))
		require.NoError(t, err)
		for err == nil { // until the server has enough of it, or the connection's deadline passes
			_, err = io.WriteString(conn, "1\r\n \r\n")
		}
		require.False(t, isTimeout(err))
	})
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// The limits of a whole request are far above waitLimit here: it is the missing key that ends it.
func TestWithoutAKeyNobodyHoldsAConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.App.ShortenWire(time.Hour, time.Hour)
	w.Serve()
	for name, path := range map[string]string{"a call": getPath, "a stream": watchPath} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form, says := unaryJSON, "401 Unauthorized"
			if path == watchPath {
				form, says = streamJSON, "unauthenticated"
			}
			conn := w.dial()
			_, err := io.WriteString(conn, head("POST", path, form, ""))
			require.NoError(t, err)
			answer, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.Contains(t, string(answer), says)
		})
	}
}

func TestAStreamLastsLongerThanARequestMay(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]*http.Transport{"over HTTP/1.1": {}, "over HTTP/2": apptest.OverHTTP2()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(transport.CloseIdleConnections)
			w := newWorld(t, func(c *app.Config) { c.Role = "api" }) // nobody sends the post yet
			w.App.ShortenWire(time.Second, time.Second)
			w.Serve()
			post := w.Draft("Watched for long")
			_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId()})
			require.NoError(t, err)
			stream, err := postwrightv1connect.NewPostServiceClient(w.ClientOver(transport, w.Key)).
				WatchPost(t.Context(), &postwrightv1.WatchPostRequest{Id: post.GetId()})
			require.NoError(t, err)
			t.Cleanup(func() { _ = stream.Close() })
			_, err = stream.Receive()
			require.NoError(t, err)
			for range 2 { // requests that began later have been ended by their limit
				conn := w.dial()
				_, err := io.WriteString(conn, head("POST", getPath, unaryJSON, w.Key))
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, conn)
				require.False(t, isTimeout(err))
			}
			workers := w.Config
			workers.Role = "workers"
			w.Run(w.Node(workers))
			for res := new(postwrightv1.WatchPostResponse); res.GetPost().GetState() != postwrightv1.PostState_POST_STATE_PUBLISHED; {
				res, err = stream.Receive()
				require.NoError(t, err)
			}
		})
	}
}

// frames is an HTTP/2 connection that a test writes frame by frame.
type frames struct {
	*http2.Framer
	conn    net.Conn
	headers bytes.Buffer
	encoder *hpack.Encoder
	next    uint32
}

func (w *world) frames(settings ...http2.Setting) *frames {
	w.T.Helper()
	f := &frames{conn: w.dial(), next: 1}
	f.Framer = http2.NewFramer(f.conn, bufio.NewReader(f.conn))
	f.encoder = hpack.NewEncoder(&f.headers)
	_, err := io.WriteString(f.conn, http2.ClientPreface)
	require.NoError(w.T, err)
	require.NoError(w.T, f.WriteSettings(settings...))
	return f
}

// begin opens a stream with a request; whole says that nothing follows its headers.
func (f *frames) begin(method, path, contentType, key string, whole bool) (id uint32, err error) {
	f.headers.Reset()
	for name, value := range map[string]string{":method": method, ":path": path, ":scheme": "http", ":authority": "postwright"} {
		_ = f.encoder.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	_ = f.encoder.WriteField(hpack.HeaderField{Name: "content-type", Value: contentType})
	if key != "" {
		_ = f.encoder.WriteField(hpack.HeaderField{Name: "authorization", Value: "Bearer " + key})
	}
	id, f.next = f.next, f.next+2
	return id, f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.headers.Bytes(), EndHeaders: true, EndStream: whole})
}

// until reads frames until one is wanted; the connection's end is an error.
func (f *frames) until(wanted func(http2.Frame) bool) (http2.Frame, error) {
	for {
		frame, err := f.ReadFrame()
		if err != nil || wanted(frame) {
			return frame, err
		}
	}
}

// An answer that nobody takes: the caller never gives the stream room for a byte.
func TestAnAnswerThatNobodyTakesIsEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.App.ShortenWire(2*time.Second, 500*time.Millisecond)
	w.Serve()
	post := w.UnderWay("queued")
	id := `{"id":"` + post.GetId() + `"}`
	for name, request := range map[string]struct{ path, form, body string }{
		"of a call":   {getPath, unaryJSON, id},
		"of a stream": {watchPath, streamJSON, "\x00\x00\x00\x00" + string(rune(len(id))) + id},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := w.frames(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
			stream, err := f.begin("POST", request.path, request.form, w.Key, false)
			require.NoError(t, err)
			require.NoError(t, f.WriteData(stream, true, []byte(request.body)))
			_, err = f.until(func(frame http2.Frame) bool {
				reset, is := frame.(*http2.RSTStreamFrame)
				return is && reset.StreamID == stream
			})
			require.NoError(t, err)
		})
	}
}

func TestStreamsOpenedAndResetInALoopCostTheOthersNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Server.KeyRate.Value, c.Server.OwnerRate.Value = 0, 0 }) // the quiet one asks as fast as it can
	w.Serve()
	post, loud := w.Draft("Quiet"), w.User("loud@example.org")
	const connections, resets = 4, 5_000
	ended := make(chan struct{}, connections)
	for range connections {
		f := w.frames()
		go func() {
			_, _ = io.Copy(io.Discard, f.conn)
		}()
		go func() {
			defer func() { ended <- struct{}{} }()
			for range resets {
				id, err := f.begin("POST", getPath, unaryJSON, loud, false)
				if err == nil {
					err = f.WriteRSTStream(id, http2.ErrCodeCancel)
				}
				if err != nil { // the server has enough of it
					return
				}
			}
		}()
	}
	others := 0
	for left := connections; left > 0; {
		select {
		case <-ended:
			left--
		default:
			_, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
			require.NoError(t, err)
			others++
		}
	}
	require.Positive(t, others)
}

func TestAConnectionHasSoManyStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Server.StreamsPerOwner.Value = c.Server.Streams.Value })
	w.Serve()
	f := w.frames()
	frame, err := f.until(func(frame http2.Frame) bool {
		settings, is := frame.(*http2.SettingsFrame)
		return is && !settings.IsAck()
	})
	require.NoError(t, err)
	most, told := frame.(*http2.SettingsFrame).Value(http2.SettingMaxConcurrentStreams)
	require.True(t, told)
	for range most + 1 {
		_, err := f.begin("POST", watchPath, streamJSON, w.Key, false) // whose request does not come in
		require.NoError(t, err)
	}
	_, err = f.until(func(frame http2.Frame) bool {
		reset, is := frame.(*http2.RSTStreamFrame)
		return is && reset.ErrCode == http2.ErrCodeRefusedStream
	})
	require.NoError(t, err)
}

// Nothing bounded the connections below RLIMIT_NOFILE: who held that many shut out everybody.
func TestWhoHoldsAllConnectionsShutsOutNobodyElse(t *testing.T) {
	t.Parallel()
	const most = 20
	w := newWorld(t, func(c *app.Config) { c.Server.Connections.Value = most })
	w.Serve()
	elsewhere := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	for range 2 * most {
		conn, err := elsewhere.DialContext(t.Context(), "tcp", strings.TrimPrefix(w.URL, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
	}
	w.Draft("Made all the same")
	var samples map[string]float64
	require.Eventually(t, func() bool { // the server gets to the connections that the kernel took in its own time
		samples = w.Scrape()
		return samples["http_connections_refused_total"] > most
	}, apptest.WaitLimit, apptest.WaitStep)
	require.LessOrEqual(t, samples["http_connections_open"], float64(most))
}

// 3,200 streams with one key, none of whose requests came in, held 250 MB: their place was taken only once the request was in.
func TestAStreamWhoseRequestNeverComesHasAPlaceToo(t *testing.T) {
	t.Parallel()
	const most = 5
	w := newWorld(t, func(c *app.Config) { c.Server.StreamsPerOwner.Value = most })
	w.Serve()
	for range most {
		_, err := io.WriteString(w.dial(), head("POST", watchPath, streamJSON, w.Key))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return w.Scrape()["rpc_streams_open"] == most }, apptest.WaitLimit, apptest.WaitStep)
	conn := w.dial()
	_, err := io.WriteString(conn, head("POST", watchPath, streamJSON, w.Key))
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(answer), "TOO_MANY_STREAMS")
}

// Up to 64 KiB of headers were taken, and held in memory for as long as the call waited for its turn or its body.
func TestHeadersAreTakenUpToASize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	post := w.Draft("Asked for with cookies")
	for kib, want := range map[int]int{12: http.StatusOK, 20: http.StatusRequestHeaderFieldsTooLarge, 60: http.StatusRequestHeaderFieldsTooLarge} {
		for name, transport := range map[string]*http.Transport{"HTTP/1.1": {}, "HTTP/2": apptest.OverHTTP2()} {
			t.Cleanup(transport.CloseIdleConnections)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+getPath, strings.NewReader(`{"id":"`+post.GetId()+`"}`))
			require.NoError(t, err)
			req.Header.Set("Content-Type", unaryJSON)
			req.Header.Set("Authorization", "Bearer "+w.Key)
			req.Header.Set("Cookie", strings.Repeat("c", kib<<10))
			res, err := (&http.Client{Transport: transport}).Do(req)
			require.NoError(t, err, name)
			answer, err := io.ReadAll(res.Body)
			require.NoError(t, err, name)
			require.NoError(t, res.Body.Close())
			require.Equal(t, want, res.StatusCode, "%s, %d KiB", name, kib)
			if want != http.StatusOK {
				require.Contains(t, string(answer), "and may have 16384: send fewer cookies", name)
			}
		}
	}
}

// http.ServeMux redirected such paths, in an answer of twice their length, and told CONNECT that there is nothing.
func TestAPathThatIsNoneIsAnsweredInAFewWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	workers := w.Config
	workers.Role = "workers"
	workersURL, _ := w.Run(w.Node(workers))
	long := strings.Repeat("<x>", 4_000)
	for request, want := range map[string]string{
		"GET //" + long: "404", "GET /a/../" + long: "404", "POST /./" + long: "404", "GET //healthz": "404", "GET /healthz/": "404",
		"CONNECT example.org:443": "405", "CONNECT /healthz": "405", "GET /healthz": "200", "HEAD /healthz": "200", "POST /healthz": "405",
	} {
		for role, url := range map[string]string{"all": w.URL, "workers": workersURL} {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
			require.NoError(t, err)
			require.NoError(t, conn.SetDeadline(time.Now().Add(apptest.WaitLimit)))
			_, err = io.WriteString(conn, request+" HTTP/1.1\r\nHost: postwright\r\nConnection: close\r\n\r\n")
			require.NoError(t, err)
			answer, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.NoError(t, conn.Close())
			status := want
			if role == "workers" && request == "CONNECT example.org:443" {
				status = "404" // there is nothing that takes anything but GET
			}
			require.True(t, strings.HasPrefix(string(answer), "HTTP/1.1 "+status), "%s: %.40s: %.300s", role, request, answer)
			require.Less(t, len(answer), 2<<10, "%s: %.40s", role, request)
		}
	}
}

// Each such call was a line at WARN, and of strangers' too.
func TestCallersWhoDoNotWaitFillNoLog(t *testing.T) {
	t.Parallel()
	var log apptest.Log
	w := newLoggedWorld(t, slog.New(slog.NewJSONHandler(&log, nil)))
	w.Serve()
	post := w.Draft("Not waited for")
	stranger := w.Key[:len(w.Key)-8] + "00000000"
	for name, timeout := range map[string][2]string{
		"no time": {"Connect-Timeout-Ms", "0"}, "no time over gRPC": {"Grpc-Timeout", "0n"}, "hardly any over gRPC": {"Grpc-Timeout", "1n"},
	} {
		for _, key := range []string{w.Key, stranger} {
			got := w.GetPost(key, post.GetId(), func(r *http.Request) {
				r.Header.Set(timeout[0], timeout[1])
				if timeout[0] == "Grpc-Timeout" {
					r.Header.Set("Content-Type", "application/grpc+json")
				}
			})
			if timeout[0] != "Grpc-Timeout" {
				require.Equal(t, "deadline_exceeded", got.Failure(t).Code, name)
			}
		}
	}
	require.NotContains(t, log.String(), `"level":"WARN"`)
	told := strings.Count(log.String(), "deadline_exceeded")
	require.LessOrEqual(t, told, 2, "a line for a call, and one a minute for all strangers: %s", log.String())
}

func TestConnectionsThatBreakTheProtocolFillNoLog(t *testing.T) {
	t.Parallel()
	var log apptest.Log
	w := newLoggedWorld(t, slog.New(slog.NewJSONHandler(&log, nil)))
	w.Serve()
	for range 200 {
		conn := w.dial()
		// A frame of 8 bytes, PING, where SETTINGS must come first.
		_, err := io.WriteString(conn, http2.ClientPreface+"\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678")
		require.NoError(t, err)
		f := &frames{conn: conn}
		f.Framer = http2.NewFramer(conn, conn)
		_, err = f.until(func(frame http2.Frame) bool { return frame.Header().Type == http2.FrameGoAway })
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	lines := strings.Count(log.String(), "http2: server connection error")
	require.Positive(t, lines)
	require.LessOrEqual(t, lines, 4, "one a minute: %s", log.String())
}

func TestCallsWithoutAKeyAreLimitedInNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	f := w.frames()
	for range 11 {
		_, err := f.begin("POST", reflection, "application/grpc", "", false)
		require.NoError(t, err)
	}
	decoder := hpack.NewDecoder(4096, nil)
	// The ten wait for their requests; which of the eleven is one too many is for the scheduler to say.
	frame, err := f.until(func(frame http2.Frame) bool { return frame.Header().Type == http2.FrameHeaders })
	require.NoError(t, err)
	fields, err := decoder.DecodeFull(frame.(*http2.HeadersFrame).HeaderBlockFragment())
	require.NoError(t, err)
	text := fmt.Sprint(fields)
	require.Contains(t, text, `retry-after`)
}

func TestNothingButCallsUnderWayDelaysAStop(t *testing.T) {
	// Not parallel: goroutines of other tests would be taken for leaks.
	dbtest.New(t) // the test server's own goroutines are there before
	before := goleak.IgnoreCurrent()
	t.Run("a server with connections of all kinds", func(t *testing.T) {
		w := newWorld(t, func(c *app.Config) { c.Server.ShutdownGrace.Value = time.Minute })
		stop := w.Serve()
		post := w.Draft("Idle")
		for _, begun := range []string{
			"", "POST ", head("POST", getPath, unaryJSON, w.Key), head("POST", watchPath, streamJSON, w.Key), head("POST", watchPath, streamJSON, ""),
			head("POST", "/grpc.health.v1.Health/Watch", streamJSON, ""), head("GET", "/metrics", unaryJSON, ""),
		} {
			_, err := io.WriteString(w.dial(), begun)
			require.NoError(t, err)
		}
		f := w.frames(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
		for _, path := range []string{getPath, watchPath} {
			_, err := f.begin("POST", path, "application/grpc", w.Key, false)
			require.NoError(t, err)
		}
		stalled, err := f.begin("POST", getPath, unaryJSON, w.Key, false) // its answer is never taken
		require.NoError(t, err)
		require.NoError(t, f.WriteData(stalled, true, []byte(`{"id":"`+post.GetId()+`"}`)))
		_, err = f.until(func(frame http2.Frame) bool { return frame.Header().Type == http2.FrameHeaders })
		require.NoError(t, err)

		began := time.Now()
		require.NoError(t, stop())
		require.Less(t, time.Since(began), 20*time.Second, "of a grace of a minute")
	})
	goleak.VerifyNone(t, before)
}

// slowly makes a call whose vendor takes its time, and returns when it is under way.
func (w *world) slowly(took time.Duration) (ended <-chan error) {
	w.T.Helper()
	require.NoError(w.T, w.Vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Slow, AfterMS: int(took.Milliseconds()), Times: 1}))
	answered := make(chan error, 1)
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	go func() {
		_, err := client.AnalyzeSentiment(context.WithoutCancel(w.T.Context()), &postwrightv1.AnalyzeSentimentRequest{Text: "Slow"})
		answered <- err
	}()
	require.Eventually(w.T, func() bool { return len(w.Vendors.Armed()) == 0 }, apptest.WaitLimit, apptest.WaitStep, "the call has reached the vendor")
	return answered
}

func TestACallUnderWayGetsItsAnswerBeforeAStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.Serve()
	ended := w.slowly(2 * time.Second)
	require.NoError(t, stop())
	require.NoError(t, <-ended)
}

func TestACallThatOutlastsTheGraceIsCutOffAndTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Server.ShutdownGrace.Value = time.Second })
	stop := w.Serve()
	ended := w.slowly(5 * time.Minute)
	require.ErrorContains(t, stop(), "cut off: 1")
	require.Error(t, <-ended)
}

func TestReadinessSaysThatTheServerIsStoppingWhileCallsAreStillTaken(t *testing.T) {
	t.Parallel()
	const delay = 5 * time.Second
	w := newWorld(t, func(c *app.Config) { c.Server.ShutdownDelay.Value = delay })
	stop := w.Serve()
	require.Equal(t, http.StatusOK, w.Get(w.URL+"/readyz").Status)
	stopped := make(chan error, 1)
	began := time.Now()
	go func() { stopped <- stop() }()
	require.Eventually(t, func() bool { return w.Get(w.URL+"/readyz").Status == http.StatusServiceUnavailable }, delay, apptest.WaitStep)
	require.Contains(t, string(w.Get(w.URL+"/readyz").Body), "stopping")
	require.Equal(t, http.StatusOK, w.Get(w.URL+"/healthz").Status, "a process that stops in order must not be taken for a dead one")
	w.Draft("Still taken")
	require.NoError(t, <-stopped)
	require.GreaterOrEqual(t, time.Since(began), delay)
}
