// Command bench measures Postwright beside references that it also starts, in one run on one machine. See docs/benchmarks.md.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/bench"
	"github.com/postwright/postwright/internal/bench/reference"
	"github.com/postwright/postwright/internal/testbed"
	"github.com/postwright/postwright/internal/text"
)

type command struct {
	Run       runCommand       `cmd:"" default:"withargs" help:"Measure, and print the table."`
	Reference referenceCommand `cmd:"" hidden:"" help:"Serve a reference: what a run starts."`
}

type runCommand struct {
	Short    bool          `help:"Load 50,000 posts instead of a million, and measure everything for a shorter time."`
	Only     []string      `help:"The experiments to do, by name; all of them by default."`
	List     bool          `help:"Only name the experiments."`
	Deadline time.Duration `help:"Limit of the run." default:"40m"`
	Source   string        `help:"The tree whose postwright is built and measured." default:"." type:"existingdir"`
	Report   string        `help:"The page to write the table into." type:"path"`
}

type referenceCommand struct {
	Fixed       fixedCommand       `cmd:""`
	Handwritten handwrittenCommand `cmd:""`
}

type fixedCommand struct {
	Listen string `required:""`
	Body   string `required:"" type:"existingfile"`
}

type handwrittenCommand struct {
	Listen   string `required:""`
	Database string `required:""`
}

func main() {
	var c command
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	parsed := kong.Parse(&c, kong.Name("bench"), kong.Description("Measure Postwright beside what is written by hand."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	err := parsed.Run()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// Run measures.
func (c *runCommand) Run(ctx context.Context) error {
	if c.List {
		for _, name := range bench.Names() {
			fmt.Println(name)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.Deadline)
	defer cancel()
	itself, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := testbed.Folder("bench")
	if err != nil {
		return err
	}
	binary, err := testbed.Build(ctx, c.Source, dir, os.Stdout)
	if err != nil {
		return err
	}
	run := bench.Run{Size: bench.Full, Only: c.Only, Binary: binary, Reference: []string{itself, "reference"}, Dir: dir, Out: os.Stdout,
		Now: app.Now, Log: slog.New(slog.DiscardHandler)}
	if c.Short {
		run.Size = bench.Short
	}
	var known bench.Result
	run.Save = func(result bench.Result) error {
		if known = result; c.Report == "" {
			return nil
		}
		return result.Write(c.Report)
	}
	result, err := run.Do(ctx)
	if err != nil {
		if known.Any() {
			fmt.Printf("\n%s\n", known.Report())
		}
		return fmt.Errorf("%w; the logs are in %s", err, dir)
	}
	fmt.Printf("\n%s\n", result.Report())
	fmt.Println(result.Line())
	return os.RemoveAll(dir)
}

// Run serves.
func (c *fixedCommand) Run(ctx context.Context) error {
	body, err := os.ReadFile(c.Body)
	if err != nil {
		return err
	}
	return reference.Serve(ctx, c.Listen, reference.Fixed(body))
}

// Run serves.
func (c *handwrittenCommand) Run(ctx context.Context) error {
	h, err := reference.NewHandwritten(ctx, c.Database, bench.PoolSize, text.Fold)
	if err != nil {
		return err
	}
	defer h.Close()
	return reference.Serve(ctx, c.Listen, h.Handler())
}
