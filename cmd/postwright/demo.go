package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/devdb"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/telemetry"
)

type demoCommand struct {
	Exit   bool   `help:"Leave after the main job: with 0 if every step succeeded." env:"POSTWRIGHT_DEMO_EXIT"`
	Fresh  bool   `help:"Begin anew: throw away what earlier demos kept." env:"POSTWRIGHT_DEMO_FRESH"`
	Dir    string `help:"Where the demo keeps its data; a folder of your own by default." type:"path" env:"POSTWRIGHT_DEMO_DIR"`
	Listen string `help:"Address to listen on, as host:port." default:"127.0.0.1:8080" env:"POSTWRIGHT_DEMO_LISTEN"`
}

// demoScopes are more than a self-serve LinkedIn app gets: with those alone, LinkedIn gives no numbers.
var demoScopes = []string{"openid", "profile", "email", "w_member_social", "r_member_postAnalytics"}

const demoEmail = "demo@example.org"

// Run sets up a private PostgreSQL, the sandbox and the service on loopback, does the main job through the public API, and
// serves on.
func (c *demoCommand) Run(env *environment) error {
	// The steps tell what happens; of the log only what went wrong is worth their reader's time.
	log := telemetry.AtLeast(env.log, slog.LevelWarn)
	began := time.Now()
	if c.Dir == "" {
		dir, err := devdb.DefaultDir("demo")
		if err != nil {
			return err
		}
		c.Dir = dir
	}
	fmt.Fprintf(env.out, "Starting a private PostgreSQL in %s …\n", c.Dir)
	if c.Fresh {
		if err := os.Remove(filepath.Join(c.Dir, secretsFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	database, err := devdb.Start(env.ctx, devdb.Options{Dir: filepath.Join(c.Dir, "postgres"), Fresh: c.Fresh, Log: log})
	if err != nil {
		return fault.New(fault.Precondition, err.Error()) // devdb's errors are written for people
	}
	defer stopDatabase(database, log)
	ctx, cancel := context.WithCancelCause(env.ctx)
	defer cancel(nil)
	if startedByGoRun() {
		go func() {
			awaitOrphanhood(ctx)
			cancel(nil)
		}()
	}
	go func() {
		<-database.Exited()
		cancel(errDatabaseGone)
	}()
	const name = "postwright"
	if err := database.EnsureDatabase(ctx, name); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, database.URL(name), log); err != nil {
		return err
	}
	secrets, err := loadSecrets(filepath.Join(c.Dir, secretsFile))
	if err != nil {
		return err
	}
	err = c.serve(ctx, env, log, database.URL(name), secrets, began)
	if cause := context.Cause(ctx); errors.Is(cause, errDatabaseGone) {
		return fmt.Errorf("%w: %w", cause, database.Err())
	}
	return err
}

// startedByGoRun reports whether `go run` built this program, in a folder of its own that it removes.
func startedByGoRun() bool {
	path, err := os.Executable()
	return err == nil && strings.Contains(filepath.ToSlash(path), "/go-build")
}

// awaitOrphanhood returns when the parent process has ended, or with ctx. `go run` passes on no signal but Ctrl-C: killed
// by another, it would leave the demo running behind it.
func awaitOrphanhood(ctx context.Context) {
	parent := os.Getppid()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for os.Getppid() == parent {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

var errDatabaseGone = errors.New("the demo's PostgreSQL has ended")

func stopDatabase(database *devdb.Server, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := database.Stop(ctx); err != nil {
		log.Error("stop PostgreSQL", "error", err)
	}
}

// serve runs the sandbox and the service beside each other, and the main job against them.
func (c *demoCommand) serve(ctx context.Context, env *environment, log *slog.Logger, databaseURL string, secrets demoSecrets, began time.Time) error {
	listener, err := c.listen(ctx, env)
	if err != nil {
		return err
	}
	vendorsListener, err := app.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	vendors := sandbox.New(sandbox.Options{Clock: app.Now, Log: log, Members: []sandbox.Member{sandboxMember(secrets.LinkedInToken, demoScopes)}})
	vendorsURL := "http://" + vendorsListener.Addr().String()
	cfg := demoConfig(databaseURL, vendorsURL, secrets)
	cfg.Server.PublicURL = browserURL(listener.Addr())
	a, err := app.New(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, vendorsListener.Close(), listener.Close())
	}
	apiURL := "http://" + listener.Addr().String()

	serving, stop := context.WithCancel(ctx)
	defer stop()
	servers, serving := errgroup.WithContext(serving)
	// The vendors end last: what is on its way to them still gets its answer.
	vending, stopVending := context.WithCancel(context.WithoutCancel(ctx))
	servers.Go(func() error { return serveUntilDone(vending, vendorsListener, vendors.Handler(), log) })
	servers.Go(func() error {
		defer stopVending()
		defer a.Close()
		return a.Serve(serving, listener)
	})

	jobErr := func() error {
		key, err := demoUser(serving, a, secrets)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.out, "Serving the API on %s and the vendors' sandbox on %s (%s)\n\n", apiURL, vendorsURL, took(began))
		job := mainJob{out: env.out, apiURL: apiURL, key: key, vendors: vendors}
		if err := job.do(serving); err != nil {
			return err
		}
		fmt.Fprintf(env.out, "\nThe main job is done (%s in all). Try it yourself:\n\n%s\n", took(began), job.curl())
		return nil
	}()
	if jobErr == nil && !c.Exit {
		fmt.Fprintf(env.out, "\nWhat LinkedIn has: curl -s %s/_sandbox/ledger\n", vendorsURL)
		if jobErr = c.tellConsole(serving, env, a, listener.Addr()); jobErr == nil {
			fmt.Fprintln(env.out, "Serving until Ctrl-C.")
			<-serving.Done()
		}
	}
	stop()
	return errors.Join(jobErr, servers.Wait())
}

// tellConsole prints a link that signs in to the console as the demo's user, once. It is for this machine alone, and made for a server
// that only this machine reaches.
func (c *demoCommand) tellConsole(ctx context.Context, env *environment, a *app.App, at net.Addr) error {
	if tcp, ok := at.(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		fmt.Fprintln(env.out, "Other machines reach this demo, so there is no link that signs in to the console: --listen=127.0.0.1:8080 has one.")
		return nil
	}
	user, err := a.Identity.UserByEmail(ctx, demoEmail)
	if err != nil {
		return err
	}
	token, err := a.SignIn.MakeLink(ctx, user.ID)
	if err == nil {
		fmt.Fprintf(env.out, "The console, signed in (the link works once): %s/sign-in#token=%s\n", a.ConsoleURL(at), token)
	}
	return err
}

// browserURL is where a browser on this machine reaches an address, so that consent can be tried; "" where only other
// machines do: LinkedIn takes http for this machine alone.
func browserURL(address net.Addr) string {
	at, ok := address.(*net.TCPAddr)
	switch {
	case ok && at.IP.IsLoopback():
		return "http://" + at.String()
	case ok && at.IP.IsUnspecified():
		return fmt.Sprintf("http://localhost:%d", at.Port)
	}
	return ""
}

// listen takes the address asked for, or any free port beside one that is in use.
func (c *demoCommand) listen(ctx context.Context, env *environment) (net.Listener, error) {
	listener, err := app.Listen(ctx, c.Listen)
	if f := fault.Of(err); f == nil || f.Reason != app.ReasonAddressInUse {
		return listener, err
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, err
	}
	listener, err = app.Listen(ctx, net.JoinHostPort(host, "0"))
	if err == nil {
		fmt.Fprintf(env.out, "%s is in use by another program; taking %s instead.\n", c.Listen, listener.Addr())
	}
	return listener, err
}

func demoConfig(databaseURL, vendorsURL string, secrets demoSecrets) app.Config {
	cfg := app.Defaults()
	cfg.Database.URL = app.Secret(databaseURL)
	cfg.LinkedIn.APIURL, cfg.LinkedIn.AuthURL = vendorsURL, vendorsURL
	cfg.LinkedIn.ClientID, cfg.LinkedIn.ClientSecret = "demo", "demo"
	cfg.LinkedIn.TokenKeyset = app.Secret(secrets.TokenKeyset)
	// As where nothing is set, texts are analysed by the built-in engine, and messages to people are written to the log.
	return cfg
}

// demoUser makes the user, their API key and their LinkedIn account, or finds those of an earlier demo.
func demoUser(ctx context.Context, a *app.App, secrets demoSecrets) (key string, err error) {
	user, err := a.Identity.UserByEmail(ctx, demoEmail)
	if fault.Is(err, fault.NotFound) {
		user, err = a.Identity.Create(ctx, a.SignIn.Store, identity.NewUser{Email: demoEmail, Name: "Demo", Operator: true})
	}
	if err != nil {
		return "", err
	}
	if key, err = secrets.key(ctx, a.Identity, user.ID); err != nil {
		return "", err
	}
	_, err = a.Accounts.Add(ctx, accounts.AddInput{OwnerID: user.ID, Token: secrets.LinkedInToken})
	return key, err
}

const secretsFile = "secrets.json"

// demoSecrets are what a second demo needs to go on from the first. They open nothing but the demo.
type demoSecrets struct {
	TokenKeyset   string `json:"token_keyset"`
	LinkedInToken string `json:"linkedin_token"`
	APIKey        string `json:"api_key"`

	path string
}

func loadSecrets(path string) (demoSecrets, error) {
	s := demoSecrets{path: path}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if s.TokenKeyset, err = accounts.NewKeyset(); err != nil {
			return s, err
		}
		s.LinkedInToken = "sandbox-token"
		return s, s.save()
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fault.Newf(fault.Precondition, "%s can't be read: begin anew with --fresh.", path).WithCause(err)
	}
	return s, nil
}

// save writes the file in one step, so that a demo that is killed leaves no half of one.
func (s *demoSecrets) save() error {
	content, err := json.MarshalIndent(s, "", "  ") //nolint:gosec // writing these secrets down, for their owner alone, is the purpose
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(s.path+".new", s.path)
}

// key is the API key of the demo before, if it still works, else a new one.
func (s *demoSecrets) key(ctx context.Context, keys *identity.Service, userID uuid.UUID) (string, error) {
	if kept, err := keys.Authenticate(ctx, s.APIKey); err == nil && kept.OwnerID == userID {
		return s.APIKey, nil
	}
	key, _, err := keys.CreateKey(ctx, userID, "demo")
	if err != nil {
		return "", err
	}
	s.APIKey = key
	return key, s.save()
}

// took is the time since began, as a person reads it.
func took(began time.Time) string {
	return time.Since(began).Round(time.Millisecond).String()
}
