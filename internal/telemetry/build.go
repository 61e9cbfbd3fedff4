package telemetry

import "runtime/debug"

// Build is what the program knows of how it was built.
type Build struct {
	Version, Revision, GoVersion string
}

const unknown = "unknown"

// ReadBuild reads what the compiler wrote into the program: a build from a working copy has the version (devel), and
// what is not there is unknown.
func ReadBuild() Build {
	b := Build{Version: unknown, Revision: unknown, GoVersion: unknown}
	info, there := debug.ReadBuildInfo()
	if !there {
		return b
	}
	b.GoVersion = info.GoVersion
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}
