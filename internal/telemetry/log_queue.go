package telemetry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// queueBytes bounds the lines that wait to be written, and as many again are being written.
	queueBytes = 4 << 20
	// queueKept is the largest buffer that is used again.
	queueKept = 64 << 10
	// queueEnd is how long the last lines may take to be written.
	queueEnd = time.Second
	// queueWait is how long writing may hold up those who wrote lines, until the queue is found to be stuck.
	queueWait = 50 * time.Millisecond
)

// LogQueue is where lines wait for whoever takes them: a pipe whose reader has stopped reading, or a file system without room, would
// hold up every call and the stop as well. While lines are taken at once, whoever writes one waits until it has left, so that a crash
// right behind it does not lose it; lines of several calls leave together. Lines that there is no room for, or that can't be written,
// are lost; once others can be written again, a line says how many, where they would stand. It is safe for concurrent use.
type LogQueue struct {
	out  io.Writer
	tell slog.Handler // adds to waiting; mu is held
	wake chan struct{}
	done chan struct{}

	mu      sync.Mutex
	waiting []byte
	told    []loss        // what lines that wait say is lost
	lost    int           // lines, after those that wait
	next    chan struct{} // is closed when what waits has been written, or the queue is found to be stuck
	current chan struct{} // the same of what is being written; nil where nothing is
	stuck   bool          // writing took too long, and some wait since then
	closing bool
}

// loss is how many lines were lost as a line among others says, which ends so many bytes after the beginning of the first.
type loss struct{ end, lines int }

// NewQueuedLogger is NewLogger with a queue before w. Close the queue, or the last lines are not written.
func NewQueuedLogger(w io.Writer, level slog.Level, json bool) (*slog.Logger, *LogQueue) {
	q := &LogQueue{out: w, wake: make(chan struct{}, 1), done: make(chan struct{}), next: make(chan struct{})}
	q.tell = NewLogger(toWaiting{q}, slog.LevelWarn, json).Handler()
	go q.run()
	return slog.New(patient{NewLogger(q, level, json).Handler(), q}), q
}

// patient waits for a line after its handler is done with it: a handler of slog writes one line at a time.
type patient struct {
	slog.Handler
	queue *LogQueue
}

// Handle implements slog.Handler.
func (p patient) Handle(ctx context.Context, line slog.Record) error {
	err := p.Handler.Handle(ctx, line)
	p.queue.wait()
	return err
}

// WithAttrs implements slog.Handler.
func (p patient) WithAttrs(attributes []slog.Attr) slog.Handler {
	return patient{p.Handler.WithAttrs(attributes), p.queue}
}

// WithGroup implements slog.Handler.
func (p patient) WithGroup(name string) slog.Handler {
	return patient{p.Handler.WithGroup(name), p.queue}
}

// Write implements io.Writer: it puts a line into the queue. It never fails.
func (q *LogQueue) Write(line []byte) (int, error) {
	q.mu.Lock()
	if len(q.waiting)+len(line) > queueBytes {
		q.lost++
	} else {
		q.tellLost()
		q.waiting = append(q.waiting, line...)
	}
	q.mu.Unlock()
	q.signal()
	return len(line), nil
}

// wait returns when what was put in before has been written, after a moment where that takes longer, and at once while something
// waits that somebody has waited for in vain.
func (q *LogQueue) wait() {
	q.mu.Lock()
	written, stuck := q.next, q.stuck
	if len(q.waiting) == 0 {
		written = q.current
	}
	q.mu.Unlock()
	if written != nil && !stuck {
		<-written
	}
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
	var used []byte
	for range q.wake {
		lines, told, closing := q.take(used)
		late := time.AfterFunc(queueWait, q.release)
		lost := 0
		if len(lines) > 0 {
			if n, err := q.out.Write(lines); err != nil {
				lost = lostBehind(n, lines, told)
			}
		}
		late.Stop()
		q.wrote(lost, closing)
		if closing {
			return
		}
		if used = lines; cap(used) > queueKept {
			used = nil
		}
	}
}

// take returns what waits, behind which others may wait in a buffer that is used again.
func (q *LogQueue) take(used []byte) (lines []byte, told []loss, closing bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tellLost()
	lines, told = q.waiting, q.told
	q.waiting, q.told = used[:0], nil
	q.current, q.next = q.next, make(chan struct{})
	return lines, told, q.closing
}

// lostBehind is how many lines are lost where only the first n bytes were written: those behind, and those that these tell of.
func lostBehind(n int, lines []byte, told []loss) int {
	lost := bytes.Count(lines[n:], []byte{'\n'})
	for _, t := range told {
		if t.end > n {
			lost += t.lines - 1 // the line that tells of them was none before
		}
	}
	return lost
}

// wrote lets those go who wait for what has been written. Once nothing waits any more, others may wait again, until the end.
func (q *LogQueue) wrote(lost int, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lost += lost; q.current != nil {
		close(q.current)
		q.current = nil
	}
	if len(q.waiting) == 0 {
		q.stuck = last
	}
}

// release lets all go who wait: what is being written takes too long.
func (q *LogQueue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stuck = true
	if q.current != nil {
		close(q.current)
		q.current = nil
	}
	close(q.next)
	q.next = make(chan struct{})
}

// tellLost says how many lines were lost, behind those that wait.
func (q *LogQueue) tellLost() {
	if q.lost == 0 {
		return
	}
	told := slog.NewRecord(time.Now(), slog.LevelWarn, "lines of this log are lost: nobody took them, or they could not be written", 0)
	told.AddAttrs(slog.Int("lines", q.lost))
	_ = q.tell.Handle(context.Background(), told) // toWaiting never fails
	q.told, q.lost = append(q.told, loss{len(q.waiting), q.lost}), 0
}

// toWaiting adds what is written to the lines that wait.
type toWaiting struct{ *LogQueue }

func (w toWaiting) Write(line []byte) (int, error) {
	w.waiting = append(w.waiting, line...)
	return len(line), nil
}
