package siege

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	resetters           = 4
	resetsPerConnection = 500
	// resetPause makes it some thousands a second: what the machine can do at most would measure the machine.
	resetPause = 400 * time.Millisecond
)

// resetRapidly opens streams over HTTP/2 and takes each back at once, so that the node begins what nobody waits for.
func resetRapidly(ctx context.Context, s *stage) error {
	ctx, cancel := context.WithTimeout(ctx, s.Size.Flood)
	defer cancel()
	var reset atomic.Int64
	bounded(ctx, resetters, floodMost/resetsPerConnection, func(ctx context.Context, _ int) {
		n := s.resetOnConnection(ctx)
		reset.Add(n)
		s.sent.Add(n)
		wait(ctx, resetPause)
	})
	if n := reset.Load(); n < resetsPerConnection {
		s.miss("only %d streams were reset", n)
	}
	return nil
}

// resetOnConnection resets streams on one connection, until the node hangs up or there have been enough.
func (s *stage) resetOnConnection(ctx context.Context) (count int64) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.node.address)
	if err != nil {
		return 0
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	var drained atomic.Bool
	done := make(chan struct{})
	defer func() { <-done }()
	defer func() { _ = conn.Close() }()
	go func() { // what the node says is not heard, and does not fill the connection
		defer close(done)
		_, _ = io.Copy(io.Discard, conn)
		drained.Store(true)
	}()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return 0
	}
	framer := http2.NewFramer(conn, nil)
	if framer.WriteSettings() != nil || framer.WriteSettingsAck() != nil {
		return 0
	}
	var head bytes.Buffer
	encoder := hpack.NewEncoder(&head)
	for stream := uint32(1); count < resetsPerConnection && !drained.Load(); stream += 2 {
		head.Reset()
		for _, field := range [][2]string{
			{":method", "POST"}, {":scheme", "http"}, {":authority", s.node.address}, {":path", pathPosts + "ListPosts"},
			{"content-type", "application/json"}, {"authorization", "Bearer " + s.people.greedy.Key},
		} {
			_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}) // to memory
		}
		if framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: head.Bytes(), EndHeaders: true}) != nil ||
			framer.WriteData(stream, true, []byte(`{"pageSize":100}`)) != nil || framer.WriteRSTStream(stream, http2.ErrCodeCancel) != nil {
			return count
		}
		count++
	}
	return count
}
