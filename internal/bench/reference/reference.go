// Package reference is what Postwright is measured against: servers as somebody would write them who needs one call and nothing
// around it, and writes that well. They answer as the API does, in JSON.
//
// It must not use anything that Postwright is made of, else both would be measured by the same stick.
package reference

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"time"
)

// MallocsMetric is the name under which a reference tells how many objects its process has allocated: the Go collector's.
const MallocsMetric = "go_memstats_mallocs_total"

// Serve answers calls on address, and tells of its memory at /metrics, until ctx ends.
func Serve(ctx context.Context, address string, calls http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /", calls)
	mux.HandleFunc("GET /metrics", tellMallocs)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })() // nobody waits for the answers under way
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func tellMallocs(w http.ResponseWriter, _ *http.Request) {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Fprintf(w, "# TYPE %[1]s counter\n%[1]s %[2]d\n", MallocsMetric, stats.Mallocs)
}
