package telemetry

import (
	"io"
	"log/slog"
)

// NewLogger returns a logger that writes to w: JSON for machines, or text for people.
func NewLogger(w io.Writer, level slog.Level, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
