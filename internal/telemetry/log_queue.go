package telemetry

import (
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// queueBytes bounds the lines that wait to be written, and as many again are being written.
	queueBytes = 4 << 20
	// queueEnd is how long the last lines may take to be written.
	queueEnd = time.Second
)

// LogQueue is where lines wait for whoever takes them: a pipe whose reader has stopped reading, or a file system without room, would
// hold up every call and the stop as well. Lines that there is no room for, or that can't be written, are lost; once others can be
// written again, a line says how many. It is safe for concurrent use.
type LogQueue struct {
	out  io.Writer
	tell *slog.Logger // writes to out
	wake chan struct{}
	done chan struct{}

	mu      sync.Mutex
	waiting [][]byte
	bytes   int
	lost    int
	closing bool
}

// NewQueuedLogger is NewLogger with a queue before w. Close the queue, or the last lines are not written.
func NewQueuedLogger(w io.Writer, level slog.Level, json bool) (*slog.Logger, *LogQueue) {
	q := &LogQueue{out: w, tell: NewLogger(w, slog.LevelWarn, json), wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run()
	return NewLogger(q, level, json), q
}

// Write implements io.Writer. It never waits, and never fails.
func (q *LogQueue) Write(line []byte) (int, error) {
	q.mu.Lock()
	if q.bytes+len(line) > queueBytes {
		q.lost++
	} else {
		q.waiting = append(q.waiting, append([]byte(nil), line...))
		q.bytes += len(line)
	}
	q.mu.Unlock()
	q.signal()
	return len(line), nil
}

// Close waits until what was written before has left, a second at most.
func (q *LogQueue) Close() {
	q.mu.Lock()
	q.closing = true
	q.mu.Unlock()
	q.signal()
	select {
	case <-q.done:
	case <-time.After(queueEnd):
	}
}

func (q *LogQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default: // it is awake
	}
}

func (q *LogQueue) run() {
	defer close(q.done)
	unwritten := 0
	for range q.wake {
		lines, lost, closing := q.take()
		unwritten += lost
		for _, line := range lines {
			if _, err := q.out.Write(line); err != nil {
				unwritten++
			} else if unwritten > 0 {
				q.tell.Warn("lines of this log are lost: nobody took them, or they could not be written", "lines", unwritten)
				unwritten = 0
			}
		}
		if closing {
			return
		}
	}
}

func (q *LogQueue) take() (lines [][]byte, lost int, closing bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines, lost, closing = q.waiting, q.lost, q.closing
	q.waiting, q.bytes, q.lost = nil, 0, 0
	return lines, lost, closing
}
