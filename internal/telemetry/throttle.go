package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Throttled returns a logger for a library that says the same again and again while something it needs is away: of each
// message a line is written at most once in every, with how many were left out since the one before it ("spared"). Lines with
// an attribute of the key apart are not alike, and all written.
func Throttled(log *slog.Logger, every time.Duration, apart string) *slog.Logger {
	return slog.New(throttledHandler{log.Handler(), &throttle{every: every, apart: apart, last: map[string]*lastLine{}}})
}

// maxMessages bounds the messages that are remembered. A library's messages are constants; what goes beyond is written.
const maxMessages = 256

type throttledHandler struct {
	slog.Handler
	throttle *throttle
}

// throttle remembers what was written, for all loggers that come from one.
type throttle struct {
	every time.Duration
	apart string

	mu   sync.Mutex
	last map[string]*lastLine
}

type lastLine struct {
	at     time.Time
	spared int // since then
}

// Handle implements slog.Handler.
func (h throttledHandler) Handle(ctx context.Context, line slog.Record) error {
	spared, write := h.throttle.admit(line)
	if !write {
		return nil
	}
	if spared > 0 {
		line = line.Clone()
		line.AddAttrs(slog.Int("spared", spared))
	}
	return h.Handler.Handle(ctx, line)
}

// admit reports whether to write a line, and how many were left out since the last of its message.
func (s *throttle) admit(line slog.Record) (spared int, write bool) {
	apart := false
	line.Attrs(func(a slog.Attr) bool {
		apart = a.Key == s.apart
		return !apart
	})
	if apart {
		return 0, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last, there := s.last[line.Message]
	switch {
	case !there && len(s.last) >= maxMessages:
		return 0, true
	case !there:
		s.last[line.Message] = &lastLine{at: line.Time}
		return 0, true
	case line.Time.Sub(last.at) < s.every:
		last.spared++
		return 0, false
	}
	spared = last.spared
	*last = lastLine{at: line.Time}
	return spared, true
}

// WithAttrs implements slog.Handler.
func (h throttledHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return throttledHandler{h.Handler.WithAttrs(attributes), h.throttle}
}

// WithGroup implements slog.Handler.
func (h throttledHandler) WithGroup(name string) slog.Handler {
	return throttledHandler{h.Handler.WithGroup(name), h.throttle}
}
