package telemetry_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
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
		log.Info("first")
		synctest.Wait() // it is being written
		long := strings.Repeat("x", 1<<20)
		for range 100 {
			log.Info(long)
		}
		began := time.Now()
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
