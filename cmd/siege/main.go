// Command siege attacks nodes of Postwright and measures what a quiet owner sees of it, and ends with a line that says whether
// every figure was kept. See docs/siege.md.
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
	"github.com/postwright/postwright/internal/siege"
	"github.com/postwright/postwright/internal/testbed"
)

type command struct {
	Short    bool          `help:"Do less of everything."`
	Only     []string      `help:"The attacks to do, by name; all of them by default."`
	List     bool          `help:"Only name the attacks."`
	Deadline time.Duration `help:"Limit of the run." default:"15m"`
	Source   string        `help:"The tree whose postwright is built and attacked." default:"." type:"existingdir"`
	Report   string        `help:"The page to write the figures into." type:"path"`
}

func main() {
	var c command
	kong.Parse(&c, kong.Name("siege"), kong.Description("Prove that nobody takes a node down and nobody starves, by attacking it."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := c.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "siege:", err)
		os.Exit(1)
	}
}

func (c command) run(ctx context.Context) error {
	if c.List {
		for _, name := range siege.Names() {
			fmt.Println(name)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.Deadline)
	defer cancel()
	dir, err := testbed.Folder("siege")
	if err != nil {
		return err
	}
	binary, err := testbed.Build(ctx, c.Source, dir, os.Stdout)
	if err != nil {
		return err
	}
	run := siege.Run{Size: siege.Full, Only: c.Only, Binary: binary, Dir: dir, Out: os.Stdout, Now: app.Now, Log: slog.New(slog.DiscardHandler)}
	if c.Short {
		run.Size = siege.Short
	}
	result, err := run.Do(ctx)
	if err != nil {
		return fmt.Errorf("%w; the logs are in %s", err, dir)
	}
	if c.Report != "" {
		if err := result.Write(c.Report); err != nil {
			return err
		}
	}
	return conclude(result, dir)
}

// conclude prints every finding, and the verdict last.
func conclude(result siege.Result, dir string) error {
	for _, found := range result.Findings() {
		fmt.Println(found)
	}
	if !result.Passed() {
		fmt.Println("the nodes' logs:", dir)
		fmt.Println(result.Line())
		return fmt.Errorf("a figure was not kept")
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	fmt.Println(result.Line())
	return nil
}
