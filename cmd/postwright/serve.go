package main

import (
	"fmt"

	"github.com/postwright/postwright/internal/app"
)

type serveCommand struct {
	app.Config
	Check bool `env:"-" help:"Only check the configuration, then leave."`
}

func (c *serveCommand) Run(env *environment) error {
	if err := c.Verify(); err != nil {
		return err
	}
	if c.Check {
		fmt.Fprintln(env.out, "The configuration is in order.")
		return nil
	}
	a, err := app.New(env.ctx, c.Config, env.log)
	if err != nil {
		return err
	}
	defer a.Close()
	listener, err := a.Listen(env.ctx)
	if err != nil {
		return err
	}
	return a.Serve(env.ctx, listener)
}
