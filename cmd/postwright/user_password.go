package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/password"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/signin"
)

type userPassword struct {
	databaseFlags
	User string `required:"" env:"-" help:"The user's e-mail address. The password is read from the terminal, or is the first line of standard input: an argument would be seen by everybody who lists processes."`
}

func (c *userPassword) Run(env *environment) error {
	return c.connected(env, func(ctx context.Context, users *identity.Service, store *postgres.Store) error {
		user, err := users.UserByEmail(ctx, c.User)
		if err != nil {
			return err
		}
		secret, err := readPassword(env)
		if err != nil {
			return err
		}
		service := signin.New(signin.Dependencies{
			Store: store, Users: users, Passwords: password.NewHasher(1), Now: app.Now,
			Sessions: identity.NewSessions(store, nil, identity.SessionLimits{}, app.Now), // of which none begins here
		}, time.Now)
		if err := service.SetPassword(ctx, user.ID, secret); err != nil {
			return err
		}
		fmt.Fprintf(env.out, "set the password of %s, whose sessions have ended\n", user.Email)
		return nil
	})
}

// readPassword asks for a password twice, without showing it, or takes the first line of what is no terminal.
func readPassword(env *environment) (string, error) {
	file, is := env.in.(*os.File)
	if !is || !term.IsTerminal(int(file.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(env.in, 4<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, prompt := range []string{"New password: ", "Once more: "} {
		fmt.Fprint(env.out, prompt)
		line, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(env.out)
		if err != nil {
			return "", err
		}
		typed[i] = string(line)
	}
	if typed[0] != typed[1] {
		return "", fault.New(fault.Invalid, "The two passwords differ: call the command again.")
	}
	return typed[0], nil
}
