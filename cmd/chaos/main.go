// Command chaos publishes posts to the sandbox's LinkedIn while it kills nodes, restarts PostgreSQL and lets LinkedIn fail,
// and ends with a line that says whether every promise was kept. See docs/chaos.md.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/chaos"
	"github.com/postwright/postwright/internal/testbed"
)

type command struct {
	Seed          uint64        `help:"Decides the plan." default:"1"`
	Posts         int           `help:"Posts to publish." default:"1000"`
	Kills         int           `help:"How often a node is killed." default:"60"`
	Restarts      int           `help:"How often PostgreSQL is restarted." default:"4"`
	FaultsOfEach  int           `help:"How often each of LinkedIn's faults hits." default:"20"`
	Deadline      time.Duration `help:"Limit of the run." default:"15m"`
	Source        string        `help:"The tree whose postwright is built and tested." default:"." type:"existingdir"`
	Report        string        `help:"The page to write the figures into." type:"path"`
	ExpectDoubles bool          `help:"Succeed only when doubles are found: for a tree that was broken on purpose."`
}

func main() {
	var c command
	kong.Parse(&c, kong.Name("chaos"), kong.Description("Prove the promise of publishing by killing processes."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := c.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func (c command) run(ctx context.Context) error {
	dir, err := testbed.Folder("chaos")
	if err != nil {
		return err
	}
	binary, err := testbed.Build(ctx, c.Source, dir, os.Stdout)
	if err != nil {
		return err
	}
	run := chaos.Run{
		Options: chaos.Options{
			Seed: c.Seed, Posts: c.Posts, Kills: c.Kills, Restarts: c.Restarts, FaultsOfEach: c.FaultsOfEach, Deadline: c.Deadline,
		},
		Binary: binary, Dir: dir, Out: os.Stdout, Now: app.Now, Log: slog.New(slog.DiscardHandler),
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
	return c.conclude(result, dir)
}

// conclude prints every finding, and the verdict last.
func (c command) conclude(result chaos.Result, dir string) error {
	findings := result.Findings()
	for _, name := range slices.Sorted(maps.Keys(findings)) {
		for _, found := range findings[name] {
			fmt.Printf("%s: %s\n", name, found)
		}
	}
	passed := result.Passed()
	if c.ExpectDoubles {
		passed = len(findings["double"]) > 0
	}
	if passed {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	} else {
		fmt.Println("the nodes' logs:", dir)
	}
	fmt.Println(result.Line())
	switch {
	case c.ExpectDoubles && !passed:
		return fmt.Errorf("the tree is broken on purpose, and no doubles were found")
	case !passed:
		return fmt.Errorf("a promise was not kept")
	}
	return nil
}
