package app

import (
	"log"
	"log/slog"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/telemetry"
)

// connectionsEvery is how often a kind of trouble with connections is logged at most.
const connectionsEvery = time.Minute

// serverLog is for http.Server, which writes a line for each connection that breaks the protocol: strangers make as many as
// they like. The line has a message of ours, so that those are alike, and what the server says, which names the caller's
// address, beside it.
func serverLog(to *slog.Logger) *log.Logger {
	return log.New(serverLines{telemetry.Throttled(to, connectionsEvery, "")}, "", 0)
}

type serverLines struct{ log *slog.Logger }

// Write implements io.Writer for log.Logger, which calls it once for each line.
func (l serverLines) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	message := "the HTTP server complains of a connection"
	switch { // what operators have to act on must not be spared for what strangers do
	case strings.HasPrefix(text, "http: panic serving"):
		message = "a request ended in a panic"
	case strings.HasPrefix(text, "http: Accept error"):
		message = "the HTTP server can't take connections"
	}
	l.log.Warn(message, slog.String("said", text))
	return len(line), nil
}
