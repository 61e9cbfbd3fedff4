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
	resetters           = 2
	resetsPerConnection = 50
	resetsLeast         = 500
	// resetPause makes it a thousand a second, fewer where the node takes long: what the machine can do at most would measure
	// the machine.
	resetPause = 80 * time.Millisecond
)

// resetRapidly opens streams over HTTP/2 and takes each back at once, so that the node begins what nobody waits for.
func resetRapidly(ctx context.Context, s *stage) error {
	ctx, end := s.flooding(ctx, s.Size.Flood)
	defer end()
	var reset atomic.Int64
	bounded(ctx, resetters, floodMost/resetsPerConnection, func(ctx context.Context, _ int) {
		n := s.resetOnConnection(ctx)
		reset.Add(n)
		s.sent.Add(n)
		wait(ctx, resetPause)
	})
	s.reach("streams reset", int(reset.Load()), resetsLeast)
	return nil
}

// resetOnConnection resets streams on one connection, until the node hangs up or there have been enough.
func (s *stage) resetOnConnection(ctx context.Context) (count int64) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.node.Address)
	if err != nil {
		return 0
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	var drained atomic.Bool
	done, caughtUp := make(chan struct{}), make(chan struct{})
	defer func() { <-done }()
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		close(done)
		return 0
	}
	framer := http2.NewFramer(conn, conn)
	go func() { // what the node says is not heard, and does not fill the connection
		defer close(done)
		for {
			frame, err := framer.ReadFrame()
			if err != nil {
				drained.Store(true)
				return
			}
			if ping, is := frame.(*http2.PingFrame); is && ping.IsAck() {
				close(caughtUp)
			}
		}
	}()
	if framer.WriteSettings() != nil || framer.WriteSettingsAck() != nil {
		return 0
	}
	var head bytes.Buffer
	encoder := hpack.NewEncoder(&head)
	for stream := uint32(1); count < resetsPerConnection && !drained.Load(); stream += 2 {
		head.Reset()
		for _, field := range [][2]string{
			{":method", "POST"}, {":scheme", "http"}, {":authority", s.node.Address}, {":path", pathPosts + "ListPosts"},
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
	if framer.WritePing(false, [8]byte{}) == nil { // answered once all before it was read
		select {
		case <-caughtUp:
		case <-done:
		case <-ctx.Done():
		}
	}
	return count
}
