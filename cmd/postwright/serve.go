package main

import (
	"fmt"
	"log/slog"
	"net"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/telemetry"
)

type serveCommand struct {
	app.Config
	Check bool `env:"-" help:"Only try everything that can be tried without effect, then leave: the settings, the address, the database; ends with 1 when something failed."`
}

func (c *serveCommand) Run(env *environment) error {
	if err := c.Verify(); err != nil {
		return err
	}
	if c.Check {
		return c.check(env)
	}
	a, err := app.New(env.ctx, c.Config, env.log)
	if err == nil {
		defer a.Close()
		var listener net.Listener
		if listener, err = a.Listen(env.ctx); err == nil {
			if err = tellConsole(env, a, listener.Addr()); err == nil {
				return a.Serve(env.ctx, listener)
			}
			_ = listener.Close()
		}
	}
	if app.GivenUp(env.ctx, err) {
		env.log.InfoContext(env.ctx, "told to stop before it served", "error", err)
		return nil
	}
	return err
}

// tellConsole prints where the console is, and while there is no user, where the first one is made.
func tellConsole(env *environment, a *app.App, at net.Addr) error {
	if !a.HasConsole() {
		return nil
	}
	fmt.Fprintf(env.out, "The console is at %s\n", a.ConsoleURL(at))
	setUp, err := a.SetUpURL(env.ctx, at)
	if err == nil && setUp != "" {
		fmt.Fprintf(env.out, "There is no user yet. Make the first one here, within a day (the link works once, keep it to yourself):\n%s\n", setUp)
	}
	return err
}

func (c *serveCommand) check(env *environment) error {
	report, err := app.DryRun(env.ctx, c.Config, telemetry.AtLeast(env.log, slog.LevelError))
	if err != nil {
		return err
	}
	report.Checks = append(report.Checks, env.stray...)
	if err := printReport(env, report); err != nil {
		return err
	}
	fmt.Fprintln(env.out, "Not tried:", app.NotInDryRun+".")
	if report.State() == status.Failed {
		return errUnwell
	}
	if report.State() == status.Warning {
		fmt.Fprintln(env.out, "It starts with this configuration; what the warnings say does not work until it is mended.")
		return nil
	}
	fmt.Fprintln(env.out, "The configuration is in order.")
	return nil
}
