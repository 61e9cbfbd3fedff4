package main

import (
	"fmt"

	"github.com/postwright/postwright/internal/telemetry"
)

type versionCommand struct{}

// Run prints what the build knows of itself; a build from a working copy knows no version.
func (versionCommand) Run(env *environment) error {
	build := telemetry.ReadBuild()
	_, err := fmt.Fprintf(env.out, "postwright %s, revision %s, %s\n", build.Version, build.Revision, build.GoVersion)
	return err
}
