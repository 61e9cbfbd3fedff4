package rpc

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/limit"
)

// What is done for calls before they are known to be served costs little, but for a thousand at once it is what others wait
// behind. So only a few of one address are examined at a time; those that wait cost nothing.
const (
	arrivalPlaces = 32
	arrivalQueue  = 4_000 // 16 HTTP/2 connections full of streams
)

// leaveArrivals lets the next of the address in. Whatever makes a call wait comes after it: callers behind one proxy hold nobody
// up.
func leaveArrivals(ctx context.Context) { connectionOf(ctx).leaveArrivals() }

// limitArrivals lets calls in, of each address in the order in which they came. A call has its place until leaveArrivals. It
// belongs inside NewConnections.
func limitArrivals(
	timeout time.Duration, refused func(ctx context.Context, procedure string, err error) *connect.Error, next http.Handler,
) http.Handler {
	places := limit.NewShares[netip.Addr](limit.Room{Slots: arrivalPlaces, Queue: arrivalQueue, Wait: timeout})
	errorWriter := connecthttp.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		this := connectionOf(r.Context())
		release, err := places.Acquire(r.Context(), this.from)
		switch {
		case r.Context().Err() != nil && err != nil:
			return // there is nobody to tell
		case err != nil:
			f := fault.New(fault.OverLimit, "Too many calls came from your address at once: wait for their answers before you send more.").
				WithReason(limit.ReasonArrivals)
			f.RetryAfter = time.Second
			refuse(w, r, errorWriter, f, refused)
			return
		}
		this.arrived = release
		defer this.leaveArrivals()
		if r.Body != http.NoBody {
			r.Body = arrivingBody{r.Body, this}
		}
		next.ServeHTTP(w, r)
	})
}

// arrivingBody lets the next call in before it is read: it may never come. Not only who serves a call reads its body, also who
// looks whether a GET has one, and who passes over one that nobody wants.
type arrivingBody struct {
	io.ReadCloser
	connection *connection
}

func (b arrivingBody) Read(p []byte) (int, error) {
	b.connection.leaveArrivals()
	return b.ReadCloser.Read(p)
}

func (b arrivingBody) Close() error {
	b.connection.leaveArrivals()
	return b.ReadCloser.Close()
}

// refuse answers a call that a limit refused before it got to its method.
func refuse(
	w http.ResponseWriter, r *http.Request, errorWriter *connecthttp.ErrorWriter, err error,
	refused func(ctx context.Context, procedure string, err error) *connect.Error,
) {
	tellRetry(w.Header(), err)
	answer := refused(r.Context(), r.URL.Path, err)
	if !errorWriter.IsSupported(r) {
		http.Error(w, answer.Message(), http.StatusTooManyRequests)
		return
	}
	_ = errorWriter.Write(w, r, answer) // a caller who left learns nothing
}
