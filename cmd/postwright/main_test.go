package main

import (
	"bytes"
	"context"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheFirstSignalStopsInOrderAndTheSecondAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	signals, left := make(chan os.Signal), make(chan int, 1)
	var out bytes.Buffer
	go heed(signals, cancel, &out, func(code int) { left <- code })
	signals <- syscall.SIGTERM
	<-ctx.Done()
	require.Empty(t, left)
	signals <- os.Interrupt
	require.Equal(t, 130, <-left)
	require.Contains(t, out.String(), "second signal")
}
