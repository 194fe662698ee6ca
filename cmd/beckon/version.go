package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

// Run prints what the Go tool has written into the program: `go build` stamps the version and the commit from git, and
// `go install …@v1.2.3` the version, so no build script has to.
func (versionCmd) Run(p *process) error {
	info, _ := debug.ReadBuildInfo()
	version, commit := built(info)
	_, err := fmt.Fprintf(p.stdout, "beckon %s\ncommit   %s\ngo       %s\nplatform %s/%s\n",
		version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// built returns the version and the commit, with a mark when the sources had changes that are in no commit. info may
// be nil.
func built(info *debug.BuildInfo) (version, commit string) {
	version, commit = "unknown", "unknown"
	if info == nil {
		return version, commit
	}
	if v := info.Main.Version; v != "" {
		version = v
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if c := settings["vcs.revision"]; c != "" {
		commit = c
		if t := settings["vcs.time"]; t != "" {
			commit += " of " + t
		}
		if settings["vcs.modified"] == "true" {
			commit += ", and changes since"
		}
	}
	return version, commit
}
