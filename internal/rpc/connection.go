package rpc

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/postwright/postwright/internal/limit"
)

// lingering is how long the rest of a request is read that nobody wants any more, so that its connection may serve
// another; after that the connection is closed.
const lingering = time.Second

// connection is what those who answer a request know of the way that it came.
type connection struct {
	controller *http.ResponseController
	from       netip.Addr
}

type connectionKey struct{}

// connectionOf is the connection of the request at hand; one that knows nothing where there is none.
func connectionOf(ctx context.Context) connection {
	this, _ := ctx.Value(connectionKey{}).(connection)
	return this
}

// readUntil and writeUntil bound what is read and written from now on; the zero time lifts the bound. Where deadlines can't
// be set, the server's own limits hold.
func (c connection) readUntil(deadline time.Time) {
	if c.controller != nil {
		_ = c.controller.SetReadDeadline(deadline)
	}
}

func (c connection) writeUntil(deadline time.Time) {
	if c.controller != nil {
		_ = c.controller.SetWriteDeadline(deadline)
	}
}

// cutOff ends what is being read and written now.
func (c connection) cutOff() {
	long := time.Unix(1, 0) // ago
	c.readUntil(long)
	c.writeUntil(long)
}

// NewConnections lets those within know the connection of their request, and keeps a caller whose request is answered
// before it is in from holding the connection. addressHeader names the header in which a proxy tells where a request comes
// from; "" where there is none.
func NewConnections(addressHeader string, next http.Handler) http.Handler {
	resets := limit.NewAddresses(resetRate, time.Now)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		this := connection{controller: http.NewResponseController(w), from: clientAddress(r, addressHeader)}
		if r.ProtoMajor == 2 {
			carrying := lineOf(r.Context())
			leave := func() {
				if resets.Take(this.from) > 0 {
					carrying.end(w)
				}
			}
			if takenBack(r.Context()) {
				leave()
				return
			}
			carrying.calls.Add(1)
			waitedFor := context.AfterFunc(r.Context(), func() { carrying.calls.Add(-1) })
			defer func() {
				if waitedFor() {
					carrying.answered.Store(time.Now().UnixNano())
					carrying.calls.Add(-1)
				} else {
					leave()
				}
			}()
		}
		body := r.Body != http.NoBody && r.ProtoMajor == 1 // HTTP/2 drops what is left of a body, and goes on
		r = r.WithContext(context.WithValue(r.Context(), connectionKey{}, this))
		if body {
			r.Body = lingeringBody{ReadCloser: r.Body, connection: this}
		}
		next.ServeHTTP(w, r)
		if body {
			this.readUntil(time.Now().Add(lingering))
		}
	})
}

// takenBack reports whether a request was taken back before its turn came. Over HTTP/2 a few connections can begin and take back
// tens of thousands a second: were each carried out until it finds out, the others' calls would wait behind them, hundreds of
// times as long as alone. What takes it back comes right behind it, and whoever reads the connection is let go first to see it.
func takenBack(ctx context.Context) bool {
	runtime.Gosched()
	return ctx.Err() != nil
}

// resetRate is how many requests of HTTP/2 an address may take back at once after a rest, and a second, before the connections
// are ended on which it does: a client whose calls get old, or whose streams nobody watches any more, takes back fewer.
var resetRate = limit.Rate{PerSecond: 100, Burst: 500}

// line is one connection of those who call, with all its requests.
type line struct {
	conn  net.Conn
	calls atomic.Int64 // that are being carried out and waited for, of HTTP/2
	// answered is when the last of them was, in nanoseconds since 1970: its answer may not have left yet.
	answered atomic.Int64
}

// leaving is how long an answer has to leave before its connection is closed because of others' requests.
const leaving = time.Second

type lineKey struct{}

// WithLine lets NewConnections end a connection; it belongs into the server's ConnContext.
func WithLine(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, lineKey{}, &line{conn: conn})
}

func lineOf(ctx context.Context) *line {
	if this, there := ctx.Value(lineKey{}).(*line); there {
		return this
	}
	return &line{}
}

// end ends the line of a request that was taken back. Where calls are under way on it, which may be others' for whom a proxy
// calls, they go on to their end: only nothing new is begun, and the client is told to connect anew (GOAWAY, which net/http sends
// for this header, though the answer goes to nobody). Else it is closed: whoever does not hear that would go on.
func (l *line) end(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	if l.conn != nil && l.calls.Load() == 0 && time.Since(time.Unix(0, l.answered.Load())) > leaving {
		_ = l.conn.Close() // the server notices, and has nothing to say to it
	}
}

// lingeringBody reads what is left when it is closed, as the server's own bodies do, but not for long.
type lingeringBody struct {
	io.ReadCloser
	connection connection
}

func (b lingeringBody) Close() error {
	b.connection.readUntil(time.Now().Add(lingering))
	return b.ReadCloser.Close()
}

// clientAddress is where a request comes from. Of a header that holds a list only the last entry was written by the nearest
// proxy: whoever is before it may have made up the others. A header without an address there counts as none.
func clientAddress(r *http.Request, header string) netip.Addr {
	if header != "" {
		if values := r.Header.Values(header); len(values) > 0 {
			list := values[len(values)-1]
			if address, ok := parseAddress(strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])); ok {
				return limit.Network(address)
			}
		}
	}
	address, _ := parseAddress(r.RemoteAddr)
	return limit.Network(address)
}

// parseAddress reads an address, with or without a port.
func parseAddress(text string) (netip.Addr, bool) {
	if both, err := netip.ParseAddrPort(text); err == nil {
		return both.Addr(), true
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return address, err == nil
}
