package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatOperatorsActOnIsNotSparedForWhatStrangersDo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := serverLog(slog.New(slog.NewJSONHandler(&out, nil)))
	for range 1_000 {
		log.Printf("http2: server connection error from 192.0.2.1:4711: PROTOCOL_ERROR")
	}
	log.Printf("http: Accept error: too many open files; retrying in 5ms")
	log.Printf("http: panic serving 192.0.2.1:4711: nil map\n\ngoroutine 7")
	for _, want := range []string{"connection error from 192.0.2.1:4711", "too many open files", "nil map"} {
		require.Equal(t, 1, strings.Count(out.String(), want), out.String())
	}
	require.Equal(t, 3, strings.Count(out.String(), `"level":"WARN"`))
}
