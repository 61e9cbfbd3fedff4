package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Sparing returns a logger for a library that says the same again and again while something it needs is away: of each
// message a line is written at most once in every, with how many were spared since the one before it. Lines with an
// attribute of the key apart are not alike, and all written.
func Sparing(log *slog.Logger, every time.Duration, apart string) *slog.Logger {
	return slog.New(sparing{log.Handler(), &said{every: every, apart: apart, last: map[string]*occasion{}}})
}

// maxMessages bounds the messages that are kept in mind. A library's messages are constants; what goes beyond is written.
const maxMessages = 256

type sparing struct {
	slog.Handler
	said *said
}

// said is what was written, of all loggers that come from one.
type said struct {
	every time.Duration
	apart string

	mu   sync.Mutex
	last map[string]*occasion
}

type occasion struct {
	at     time.Time
	spared int // since then
}

// Handle implements slog.Handler.
func (h sparing) Handle(ctx context.Context, line slog.Record) error {
	spared, write := h.said.look(line)
	if !write {
		return nil
	}
	if spared > 0 {
		line = line.Clone()
		line.AddAttrs(slog.Int("spared", spared))
	}
	return h.Handler.Handle(ctx, line)
}

// look reports whether to write a line, and how many were spared since the last of its message.
func (s *said) look(line slog.Record) (spared int, write bool) {
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
		s.last[line.Message] = &occasion{at: line.Time}
		return 0, true
	case line.Time.Sub(last.at) < s.every:
		last.spared++
		return 0, false
	}
	spared = last.spared
	*last = occasion{at: line.Time}
	return spared, true
}

// WithAttrs implements slog.Handler.
func (h sparing) WithAttrs(attributes []slog.Attr) slog.Handler {
	return sparing{h.Handler.WithAttrs(attributes), h.said}
}

// WithGroup implements slog.Handler.
func (h sparing) WithGroup(name string) slog.Handler {
	return sparing{h.Handler.WithGroup(name), h.said}
}
