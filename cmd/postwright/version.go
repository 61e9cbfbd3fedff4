package main

import (
	"fmt"
	"runtime/debug"
)

type versionCommand struct{}

// Run prints what the build knows of itself; a build from a working copy knows no version.
func (versionCommand) Run(env *environment) error {
	info, there := debug.ReadBuildInfo()
	if !there {
		_, err := fmt.Fprintln(env.out, "postwright (version unknown)")
		return err
	}
	revision := "unknown"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	_, err := fmt.Fprintf(env.out, "postwright %s, revision %s, %s\n", info.Main.Version, revision, info.GoVersion)
	return err
}
