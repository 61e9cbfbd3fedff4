package app

import (
	"context"
	"net"
	"net/http"
	"time"
)

// ShortenWire makes the limits of requests and of streams' messages short enough for a test to meet them.
func (a *App) ShortenWire(request, message time.Duration) {
	a.onWire.request, a.onWire.message = request, message
}

// ShortenSilence makes streams say something so soon that a test can wait for it.
func (a *App) ShortenSilence(silence time.Duration) { a.onWire.silence = silence }

// StreamSilence is how long a stream says nothing at most, where no test shortens it.
const StreamSilence = streamSilence

// Handler is everything that answers requests, for a benchmark without connections. ctx ends its streams. The cache keeps rows,
// though nothing hears of others' changes.
func (a *App) Handler(ctx context.Context) (http.Handler, error) {
	server, err := a.httpServer(ctx, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	a.cache.Listener().Missed()
	return server.Handler, nil
}
