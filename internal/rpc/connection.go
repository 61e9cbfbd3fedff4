package rpc

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/postwright/postwright/internal/limit"
)

// lingering is how long the rest of a request is read that nobody wants any more, so that its connection may serve
// another; after that the connection is closed.
const lingering = time.Second

// connection is what those who answer a request know of the way that it came. It is of one request.
type connection struct {
	controller *http.ResponseController
	from       netip.Addr
	arrived    func() // gives back the place among the arrivals, nil where there is none
	left       sync.Once
}

type connectionKey struct{}

// connectionOf is the connection of the request at hand; one that knows nothing where there is none.
func connectionOf(ctx context.Context) *connection {
	if this, there := ctx.Value(connectionKey{}).(*connection); there {
		return this
	}
	return &connection{}
}

// leaveArrivals gives the place among the arrivals back, once. A body calls it, in whatever goroutine it is read or closed.
func (c *connection) leaveArrivals() {
	if c.arrived != nil {
		c.left.Do(c.arrived)
	}
}

// readUntil and writeUntil bound what is read and written from now on; the zero time lifts the bound. Where deadlines can't
// be set, the server's own limits hold.
func (c *connection) readUntil(deadline time.Time) {
	if c.controller != nil {
		_ = c.controller.SetReadDeadline(deadline)
	}
}

func (c *connection) writeUntil(deadline time.Time) {
	if c.controller != nil {
		_ = c.controller.SetWriteDeadline(deadline)
	}
}

// cutOff ends what is being read and written now.
func (c *connection) cutOff() {
	long := time.Unix(1, 0) // ago
	c.readUntil(long)
	c.writeUntil(long)
}

// NewConnections lets those within know the connection of their request, and keeps a caller whose request is answered
// before it is in from holding the connection. The listener's connection learns of the call, and of one that was taken back.
// addressHeader names the header in which a proxy tells where a request comes from; "" where there is none. A request whose address
// and headers have more than so many bytes is refused before it waits for anything: it would keep them in memory meanwhile.
func NewConnections(addressHeader string, headerBytes int, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		over := limit.ConnectionOf(r.Context())
		over.Begin()
		defer over.End()
		if r.ProtoMajor == 2 {
			ctx := r.Context()
			defer func() {
				if ctx.Err() != nil && addressHeader == "" { // a proxy's connection has everybody's calls
					over.TakenBack()
				}
			}()
			if takenBack(ctx) {
				return
			}
		}
		this := &connection{controller: http.NewResponseController(w), from: clientAddress(r, addressHeader)}
		r = r.WithContext(context.WithValue(r.Context(), connectionKey{}, this))
		if r.Body != http.NoBody && r.ProtoMajor == 1 { // HTTP/2 drops what is left of a body, and goes on
			body := &lingeringBody{ReadCloser: r.Body, connection: this}
			r.Body = body
			defer body.linger()
		}
		if size := headerSize(r); size > headerBytes {
			http.Error(w, fmt.Sprintf("The address and the headers have %d bytes, and may have %d: send fewer cookies, and a long message as the "+
				"body of a POST.", size, headerBytes), http.StatusRequestHeaderFieldsTooLarge)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// headerSize is how many bytes the address and the headers of a request have, as they stand in memory.
func headerSize(r *http.Request) int {
	size := len(r.RequestURI) + len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	return size
}

// takenBack reports whether a request was taken back before its turn came. Over HTTP/2 a few connections can begin and take back
// tens of thousands a second: were each carried out until it finds out, the others' calls would wait behind them, hundreds of
// times as long as alone. What takes it back comes right behind it, and whoever reads the connection is let go first to see it.
func takenBack(ctx context.Context) bool {
	runtime.Gosched()
	return ctx.Err() != nil
}

// lingeringBody reads what is left when it is closed, as the server's own bodies do, but not for long.
type lingeringBody struct {
	io.ReadCloser
	connection *connection
	ended      bool // nothing is left
}

func (b *lingeringBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.ended = true
	}
	return n, err
}

func (b *lingeringBody) Close() error {
	b.linger()
	return b.ReadCloser.Close()
}

func (b *lingeringBody) linger() {
	if !b.ended {
		b.connection.readUntil(time.Now().Add(lingering))
	}
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
