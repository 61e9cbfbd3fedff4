package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/postwright/postwright/internal/testbed"
	"github.com/postwright/postwright/internal/testbed/loopback"
)

// Names of the references that are servers, and of the flags with which they are started.
const (
	ReferenceFixed       = "fixed"
	ReferenceHandwritten = "handwritten"
	FlagListen           = "--listen"
	FlagBody             = "--body"     // of fixed: the file with the body
	FlagDatabase         = "--database" // of handwritten: the database's URL
)

// server is a reference that runs as a process of its own, as a node does: it shares neither heap nor scheduler with the callers.
type server struct {
	*testbed.Process
	address string
}

// Metrics are what it tells of itself.
func (s *server) Metrics(ctx context.Context) (testbed.Metrics, error) {
	return testbed.ScrapeMetrics(ctx, "http://"+s.address+"/metrics")
}

const (
	serverPatience = 10 * time.Second
	serverEvery    = 5 * time.Millisecond // between two looks whether it answers
)

// serveReference starts a reference and returns when it answers; stop ends it.
func (s *stage) serveReference(ctx context.Context, name string, flags ...string) (_ *server, stop func(), err error) {
	address, err := loopback.FreeAddress(ctx)
	if err != nil {
		return nil, nil, err
	}
	ctx, end := context.WithCancel(ctx)
	args := append(append([]string{}, s.Reference[1:]...), append([]string{name, FlagListen, address}, flags...)...)
	cmd := exec.CommandContext(ctx, s.Reference[0], args...) //nolint:gosec // this very program
	reference := &server{address: address}
	if reference.Process, err = testbed.Start(cmd, filepath.Join(s.Dir, "reference-"+name+".log")); err != nil {
		end()
		return nil, nil, err
	}
	stop = func() {
		end()
		<-reference.Gone()
	}
	for began := time.Now(); ; {
		if _, err = reference.Metrics(ctx); err == nil {
			return reference, stop, nil
		}
		select {
		case <-reference.Gone():
			err = reference.Err()
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(serverEvery):
			if time.Since(began) < serverPatience {
				continue
			}
		}
		stop()
		return nil, nil, fmt.Errorf("the reference %s did not start: %w", name, errors.Join(err, said(s.Dir, name)))
	}
}

// said is what a reference said before it ended.
func said(dir, name string) error {
	text, err := os.ReadFile(filepath.Join(dir, "reference-"+name+".log"))
	if err != nil {
		return err
	}
	return errors.New(string(text))
}
