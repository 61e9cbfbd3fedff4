package telemetry

import (
	"context"
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
	// queueWait is how long a line may hold up whoever writes it, until the queue is found to be stuck.
	queueWait = 50 * time.Millisecond
)

// LogQueue is where lines wait for whoever takes them: a pipe whose reader has stopped reading, or a file system without room, would
// hold up every call and the stop as well. While lines are taken at once, whoever writes one waits until it has left, so that a crash
// right behind it does not lose it. Lines that there is no room for, or that can't be written, are lost; once others can be written
// again, a line says how many, where they would stand. It is safe for concurrent use.
type LogQueue struct {
	out  io.Writer
	tell slog.Handler // writes to out
	wake chan struct{}
	done chan struct{}

	mu      sync.Mutex
	waiting []queuedLine
	bytes   int
	lost    int           // after those that wait
	written chan struct{} // is closed when those that wait have been written
	stuck   bool          // a line took too long, and some wait since then
	closing bool
}

// queuedLine is a line, and how many were lost between it and the one before.
type queuedLine struct {
	text []byte
	lost int
}

// NewQueuedLogger is NewLogger with a queue before w. Close the queue, or the last lines are not written.
func NewQueuedLogger(w io.Writer, level slog.Level, json bool) (*slog.Logger, *LogQueue) {
	q := &LogQueue{
		out: w, tell: NewLogger(w, slog.LevelWarn, json).Handler(),
		wake: make(chan struct{}, 1), done: make(chan struct{}), written: make(chan struct{}),
	}
	go q.run()
	return NewLogger(q, level, json), q
}

// Write implements io.Writer. It waits until the line is written, but no longer than a moment, and not at all while lines wait that
// somebody has waited for in vain. It never fails.
func (q *LogQueue) Write(line []byte) (int, error) {
	written, wait := q.add(line)
	q.signal()
	if !wait {
		return len(line), nil
	}
	late := time.NewTimer(queueWait)
	defer late.Stop()
	select {
	case <-written:
	case <-q.done:
	case <-late.C:
		q.mu.Lock()
		select {
		case <-written: // just now
		default:
			q.stuck = true
		}
		q.mu.Unlock()
	}
	return len(line), nil
}

// add puts a line into the queue, and returns what is closed when it has been written, and whether to wait for that.
func (q *LogQueue) add(line []byte) (written <-chan struct{}, wait bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes+len(line) > queueBytes {
		q.lost++
		return nil, false
	}
	q.waiting = append(q.waiting, queuedLine{append([]byte(nil), line...), q.lost})
	q.bytes += len(line)
	q.lost = 0
	return q.written, !q.stuck
}

// Close waits until what was written before has left, a second at most. It may be called more than once.
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
		lines, lost, written, closing := q.take()
		for _, line := range lines {
			unwritten = q.tellLost(unwritten + line.lost)
			if _, err := q.out.Write(line.text); err != nil {
				unwritten++
			}
		}
		unwritten = q.tellLost(unwritten + lost)
		q.wrote(written)
		if closing {
			return
		}
	}
}

func (q *LogQueue) take() (lines []queuedLine, lost int, written chan struct{}, closing bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines, lost, written, closing = q.waiting, q.lost, q.written, q.closing
	q.waiting, q.bytes, q.lost, q.written = nil, 0, 0, make(chan struct{})
	return lines, lost, written, closing
}

// wrote lets those go who wait for what has been written. Once nothing waits any more, others may wait again.
func (q *LogQueue) wrote(written chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	close(written)
	if len(q.waiting) == 0 {
		q.stuck = false
	}
}

// tellLost writes how many lines were lost, and returns how many nobody has been told of.
func (q *LogQueue) tellLost(lines int) int {
	if lines == 0 {
		return 0
	}
	told := slog.NewRecord(time.Now(), slog.LevelWarn, "lines of this log are lost: nobody took them, or they could not be written", 0)
	told.AddAttrs(slog.Int("lines", lines))
	if q.tell.Handle(context.Background(), told) != nil {
		return lines
	}
	return 0
}
