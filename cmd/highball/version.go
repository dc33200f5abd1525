//go:build !windows

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, version())
			return err
		},
	}
}

// version returns what the Go toolchain has stamped into the binary: the tag,
// or for a build between tags a version that names the commit.
func version() string {
	tag := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		tag = info.Main.Version
	}
	return fmt.Sprintf("highball %s (%s %s/%s)", tag, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
