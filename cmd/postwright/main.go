// Command postwright keeps posts, improves them, publishes them to LinkedIn and follows their numbers. `postwright demo`
// shows it all without an account; `postwright serve` is the service.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/telemetry"
)

// command is the command line; every flag is an environment variable too, in capitals after POSTWRIGHT_.
type command struct {
	LogLevel  slog.Level `help:"Least level that is logged: debug, info, warn, error." default:"info"`
	LogFormat string     `help:"How lines are logged: text or json." enum:"text,json" default:"text"`

	Serve     serveCommand     `cmd:"" help:"Serve the API and work the jobs."`
	Demo      demoCommand      `cmd:"" help:"Set everything up on this machine and do the main job, without any account."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database's schema up or down."`
	Sandbox   sandboxCommand   `cmd:"" help:"Serve the vendors, emulated."`
	User      userCommand      `cmd:"" help:"Make and list users."`
	Key       keyCommand       `cmd:"" help:"Make, list and revoke API keys."`
	Account   accountCommand   `cmd:"" help:"Add LinkedIn accounts; make the keyset that seals their tokens."`
	KeyRotate keyRotateCommand `cmd:"" help:"Seal every token with the keyset's newest key."`
	Doctor    doctorCommand    `cmd:"" help:"Look whether everything is in order, and say what to do where it is not; ends with 1 when something failed."`
	VapidKeys vapidKeysCommand `cmd:"" help:"Make the key with which browsers are written to (Web Push), for POSTWRIGHT_WEBPUSH_PRIVATE_KEY."`
	Release   releaseCommand   `cmd:"" help:"Show what is held after a restore or a failover, and let it go."`
	Policies  policiesCommand  `cmd:"" help:"Show how every call to a vendor is carried out: limits, repeats, breaker."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

// environment is what a command is given: nothing below main reaches for the process's own.
type environment struct {
	ctx context.Context // lives as long as the command: it ends with the first signal
	in  io.Reader
	out io.Writer
	log *slog.Logger
	// stray are the warnings of variables that are no settings. They are logged; a command that reports tells them too.
	stray []status.Check
}

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	go heed(signals, cancel, os.Stderr, os.Exit)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// heed ends the command's context with the first signal, which gives it time to end in order, and the process with the
// second.
func heed(signals <-chan os.Signal, cancel context.CancelFunc, errOut io.Writer, exit func(code int)) {
	<-signals
	cancel()
	second := <-signals
	told := make(chan struct{})
	go func() {
		defer close(told)
		fmt.Fprintf(errOut, "postwright: ended at once by a second signal (%s): what was under way was cut off.\n", second)
	}()
	select {
	case <-told:
	case <-time.After(time.Second): // nobody takes it
	}
	code := 1
	if number, ok := second.(syscall.Signal); ok {
		code = 128 + int(number) // as shells tell a process that a signal ended
	}
	exit(code)
}

// run carries out one command line and returns the exit code: 0, 1 for a failure, 2 for a command line or configuration
// that is wrong. It is what tests call.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var cmd command
	exit := -1
	parser, err := kong.New(&cmd, kong.Name("postwright"), kong.DefaultEnvars("POSTWRIGHT"),
		kong.Description("A self-hosted LinkedIn publishing service."), kong.Writers(out, errOut),
		kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(errOut, "postwright: the command line is not built right:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help was asked for
		return exit
	}
	if err != nil {
		fmt.Fprintf(errOut, "postwright: %s. `postwright --help` shows the commands.\n", err)
		return 2
	}
	log := telemetry.NewLogger(errOut, cmd.LogLevel, cmd.LogFormat == "json")
	if parsed.Command() == "serve" {
		signal.Ignore(syscall.SIGPIPE) // a reader of the log who is gone ends no service
		//nolint:contextcheck // it writes for all, until its end
		queued, queue := telemetry.NewQueuedLogger(errOut, cmd.LogLevel, cmd.LogFormat == "json")
		defer queue.Close()
		log, errOut = queued, queue
	}
	stray := strayVariables(parser.Model, os.Environ())
	for _, c := range stray {
		log.WarnContext(ctx, c.Detail, "remedy", c.Remedy)
	}
	if err := parsed.Run(&environment{ctx: ctx, in: in, out: out, log: log, stray: stray}); err != nil {
		return report(errOut, err)
	}
	return 0
}

// report says on one line what went wrong, and every fault of a configuration on a line of its own.
func report(errOut io.Writer, err error) int {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		fmt.Fprintln(errOut, "postwright:", err)
		return 1
	}
	if len(f.Fields) == 0 {
		fmt.Fprintln(errOut, "postwright:", f.Message)
		if cause := f.Unwrap(); cause != nil && f.Kind == fault.Unavailable {
			fmt.Fprintln(errOut, "  cause:", cause)
		}
		return 1
	}
	fmt.Fprintln(errOut, "postwright: this is not right:")
	for _, field := range f.Fields {
		fmt.Fprintf(errOut, "  %s %s\n", field.Path, field.Problem)
	}
	if f.More > 0 {
		fmt.Fprintf(errOut, "  and %d more\n", f.More)
	}
	return 2
}
