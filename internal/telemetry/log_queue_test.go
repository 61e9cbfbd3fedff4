package telemetry_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/telemetry"
)

// Every call waited for ever for a reader of the log that had stopped to read, and so did the stop.
func TestALogThatNobodyReadsHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		log, queue := telemetry.NewQueuedLogger(writer, slog.LevelInfo, false)
		began := time.Now()
		log.Info("first")
		require.Equal(t, 50*time.Millisecond, time.Since(began), "whether it is written was not known before")
		long := strings.Repeat("x", 1<<20)
		began = time.Now()
		for range 100 {
			log.Info(long)
		}
		require.Zero(t, time.Since(began))
		queue.Close()
		require.Equal(t, time.Second, time.Since(began))
		var out bytes.Buffer
		read := make(chan error)
		go func() {
			_, err := io.Copy(&out, reader)
			read <- err
		}()
		synctest.Wait()
		require.NoError(t, writer.Close())
		require.NoError(t, <-read)
		require.Contains(t, out.String(), "first")
		require.Equal(t, 3, strings.Count(out.String(), long), "as many as fit")
		require.Contains(t, out.String(), "lines=97")
		require.Less(t, strings.LastIndex(out.String(), long), strings.Index(out.String(), "lines=97"), "it stands where they would")
	})
}

// The last lines before a crash were lost: they waited for a goroutine that did not get to run any more.
func TestALineIsWrittenBeforeWhoeverWroteItGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &full{room: true}
		log, queue := telemetry.NewQueuedLogger(out, slog.LevelInfo, false)
		for range 100 {
			log.Info("the last")
			require.True(t, strings.HasSuffix(out.String(), "msg=\"the last\"\n"))
			out.Reset()
		}
		queue.Close()
		log.Info("after the end")
	})
}

// Once everything that waited is written, lines are waited for again.
func TestALogThatIsReadAgainIsWaitedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		log, queue := telemetry.NewQueuedLogger(writer, slog.LevelInfo, false)
		log.Info("stuck")
		log.Info("waits")
		line := make([]byte, 1<<10)
		for range 2 {
			_, err := reader.Read(line)
			require.NoError(t, err)
		}
		synctest.Wait()
		began := time.Now()
		log.Info("nobody reads this one")
		require.Equal(t, 50*time.Millisecond, time.Since(began))
		require.NoError(t, reader.Close())
		queue.Close()
	})
}

// slow takes a while for what it is given, however much that is.
type slow struct{ written int }

func (s *slow) Write(lines []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	s.written += bytes.Count(lines, []byte{'\n'})
	return len(lines), nil
}

// A handler of slog holds its lock while it writes: a hundred calls stood in line for a hundred writes.
func TestLinesOfManyCallsLeaveTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &slow{}
		log, queue := telemetry.NewQueuedLogger(out, slog.LevelInfo, false)
		began := time.Now()
		var calls sync.WaitGroup
		for range 100 {
			calls.Go(func() { log.Info("call") })
		}
		calls.Wait()
		require.Equal(t, 100, out.written)
		require.LessOrEqual(t, time.Since(began), 20*time.Millisecond, "two writes: the first line's, and the others'")
		queue.Close()
	})
}

// full is a file system that has no room for a while.
type full struct {
	bytes.Buffer
	room bool
}

func (f *full) Write(line []byte) (int, error) {
	if !f.room {
		return 0, errors.New("no space left on device")
	}
	return f.Buffer.Write(line)
}

func TestHowManyLinesWereLostIsToldOnceThereIsRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &full{}
		log, queue := telemetry.NewQueuedLogger(out, slog.LevelInfo, true)
		for range 3 {
			log.Info("lost")
			synctest.Wait()
		}
		out.room = true
		log.Info("kept")
		queue.Close()
		require.NotContains(t, out.String(), `"lost"`)
		require.Contains(t, out.String(), `"kept"`)
		require.Contains(t, out.String(), `"lines":3`)
	})
}
