package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/sandbox"
)

type sandboxCommand struct {
	Listen          string        `help:"Address to listen on, as host:port." default:"127.0.0.1:8090" env:"POSTWRIGHT_SANDBOX_LISTEN"`
	Token           string        `help:"Access token of the member that is there from the start." default:"sandbox-token" env:"POSTWRIGHT_SANDBOX_TOKEN"`
	DuplicateWindow time.Duration `help:"How long the same text of the same author is refused; less than 0 for never." default:"10m" env:"POSTWRIGHT_SANDBOX_DUPLICATE_WINDOW"`
	Scopes          []string      `help:"What the token may do." default:"openid,profile,email,w_member_social,r_member_postAnalytics" env:"POSTWRIGHT_SANDBOX_SCOPES"`
	Organizations   []string      `help:"Numbers of the pages that the member administers." env:"POSTWRIGHT_SANDBOX_ORGANIZATIONS"`
	Apps            []string      `name:"app" sep:"none" help:"A LinkedIn app, as ID=SECRET:SCOPE,SCOPE; may be repeated. By default any id and secret are taken, and what is asked for does not matter." placeholder:"APP" env:"-"`
}

func (c *sandboxCommand) Run(env *environment) error {
	options, err := c.options(env.log)
	if err != nil {
		return err
	}
	listener, err := app.Listen(env.ctx, c.Listen)
	if err != nil {
		return err
	}
	vendors := sandbox.New(options)
	base := "http://" + listener.Addr().String()
	fmt.Fprintf(env.out, "LinkedIn, the analysis API, a language model (%s) and the notification API, emulated, on %s\n", sandbox.LLMModel, base)
	fmt.Fprintf(env.out, "member urn:li:person:sandbox with access token %s, which may %s\n", c.Token, strings.Join(c.Scopes, " "))
	fmt.Fprintf(env.out, "what was posted: curl %s/_sandbox/ledger\n", base)
	return serveUntilDone(env.ctx, listener, vendors.Handler(), env.log)
}

func (c *sandboxCommand) options(log *slog.Logger) (sandbox.Options, error) {
	member := sandboxMember(c.Token, c.Scopes)
	member.Organizations = c.Organizations
	options := sandbox.Options{Clock: app.Now, Log: log, DuplicateWindow: c.DuplicateWindow, Members: []sandbox.Member{member}}
	ids := map[string]bool{}
	for i, text := range c.Apps {
		parsed, err := sandboxApp(text)
		if err == nil && ids[parsed.ClientID] {
			err = fmt.Errorf("the id %q stands there twice", parsed.ClientID)
		}
		if err != nil { // the text is not told: it holds a secret
			return sandbox.Options{}, fault.Fields(fault.Field{Path: fmt.Sprintf("--app [%d]", i), Problem: err.Error()})
		}
		ids[parsed.ClientID] = true
		options.Apps = append(options.Apps, parsed)
	}
	return options, nil
}

// sandboxApp reads an app.
func sandboxApp(text string) (sandbox.App, error) {
	id, rest, _ := strings.Cut(text, "=")
	secret, scopes, _ := strings.Cut(rest, ":")
	parsed := sandbox.App{ClientID: id, ClientSecret: secret, Scopes: strings.FieldsFunc(scopes, func(r rune) bool { return r == ',' || r == ' ' })}
	if id == "" || secret == "" || len(parsed.Scopes) == 0 {
		return sandbox.App{}, errors.New("must be ID=SECRET:SCOPE,SCOPE, such as self=s1:openid,profile,w_member_social")
	}
	return parsed, nil
}

// sandboxMember is the person whom the sandbox knows from the start.
func sandboxMember(token string, scopes []string) sandbox.Member {
	return sandbox.Member{
		ID: "sandbox", GivenName: "Sam", FamilyName: "Sandbox", Email: "sam@example.org", Token: token, Scopes: scopes,
	}
}

// serveUntilDone serves plain HTTP until ctx ends, then lets the calls under way end.
func serveUntilDone(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // a connection that was opened and never used counts as busy for a while
	}
	if served := <-served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
