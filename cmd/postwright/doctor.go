package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/status"
	"github.com/postwright/postwright/internal/telemetry"
)

type doctorCommand struct {
	app.Config
	JSON bool `name:"json" env:"-" help:"Print JSON for programs."`
}

// errUnwell ends the command with 1; what is wrong has been printed.
var errUnwell = errors.New("something is not in order")

// marks begin the lines, so that the eye finds what is wrong.
var marks = map[status.State]string{status.OK: "ok      ", status.Unknown: "unknown ", status.Warning: "WARNING ", status.Failed: "FAILED  "}

// Run looks at everything and prints what it found. The log tells no failure again that a check tells.
func (c *doctorCommand) Run(env *environment) error {
	report := app.Diagnose(env.ctx, c.Config, telemetry.AtLeast(env.log, slog.LevelError))
	report.Checks = append(report.Checks, env.stray...)
	if c.JSON {
		encoder := json.NewEncoder(env.out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(map[string]any{"state": report.State(), "checks": report.Checks}); err != nil {
			return err
		}
	} else if err := printReport(env, report); err != nil {
		return err
	}
	if report.State() == status.Failed {
		return errUnwell
	}
	return nil
}

func printReport(env *environment, report status.Report) error {
	var b strings.Builder
	for _, check := range report.Checks {
		fmt.Fprintf(&b, "%s %s: %s\n", marks[check.State], check.Name, check.Detail)
		if check.Remedy != "" {
			fmt.Fprintf(&b, "           -> %s\n", check.Remedy)
		}
	}
	_, err := fmt.Fprint(env.out, b.String())
	return err
}
