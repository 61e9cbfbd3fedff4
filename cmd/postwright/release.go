package main

import (
	"context"
	"fmt"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/publishing"
	"github.com/postwright/postwright/internal/status"
)

type releaseCommand struct {
	app.Config
	Review bool `xor:"what" env:"-" help:"Let it go; what was due or on its way may have been sent: it is left in doubt, and its owners look."`
	Send   bool `xor:"what" env:"-" help:"Let it go; nothing was sent since the data were copied: what was due or on its way is sent now."`
	Hold   bool `xor:"what" env:"-" help:"Hold everything, after something that Postwright can't notice: a disk that was put back, a folder that was copied."`
}

// Run shows what is held, and does with it what it is told.
func (c *releaseCommand) Run(env *environment) error {
	a, err := app.New(env.ctx, c.Config, env.log)
	if err != nil {
		return err
	}
	defer a.Close()
	if c.Hold {
		if err := a.Hold(env.ctx); err != nil {
			return err
		}
	}
	held, err := a.Publishing.Held(env.ctx)
	if err != nil {
		return err
	}
	if held.Hold == nil {
		fmt.Fprintln(env.out, "Nothing is held: this is the database from which posts are sent.")
		return nil
	}
	c.show(env, held)
	if !c.Review && !c.Send {
		return nil
	}
	return c.release(env.ctx, env, a, held)
}

func (c *releaseCommand) show(env *environment, held publishing.Held) {
	fmt.Fprintln(env.out, status.DescribeHold(held))
	fmt.Fprintf(env.out, "  %6d were being sent: they are settled as in doubt\n", held.Publishing)
	fmt.Fprintf(env.out, "  %6d wait to be sent\n", held.Queued)
	fmt.Fprintf(env.out, "  %6d are scheduled, and their time has come\n", held.Due)
	fmt.Fprintf(env.out, "  %6d are scheduled for later: they go out then\n", held.Scheduled)
	if c.Review || c.Send {
		return
	}
	fmt.Fprintln(env.out, "Let it go with one of these:")
	fmt.Fprintln(env.out, "  postwright release --review   what waits or was due may have been sent since: it is left in doubt, and its owners look")
	fmt.Fprintln(env.out, "  postwright release --send     nothing was sent since: what waits or was due is sent now")
}

func (c *releaseCommand) release(ctx context.Context, env *environment, a *app.App, held publishing.Held) error {
	if err := a.Publishing.Release(ctx, c.Review); err != nil {
		return err
	}
	if c.Review {
		fmt.Fprintf(env.out, "Released: %d posts come to rest in doubt (UNCONFIRMED), and the rest goes out.\n", held.Publishing+held.Queued+held.Due)
	} else {
		fmt.Fprintln(env.out, "Released: everything goes out.")
	}
	return nil
}
