package app

import "time"

// ShortenWire makes the limits of requests and of streams' messages short enough for a test to meet them.
func (a *App) ShortenWire(request, message time.Duration) {
	a.onWire = wireLimits{request: request, message: message}
}
