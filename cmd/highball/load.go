//go:build !windows

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"highball/internal/settings"
)

const defaultFile = "highball.toml"

// addSettings gives cmd the flags of the settings and a help text that shows
// them by group. Verbs that start with it read them with loadSettings.
func addSettings(cmd *cobra.Command) {
	table := settingsTable()
	table.AddFlags(cmd.Flags())
	cmd.SetUsageFunc(func(asked *cobra.Command) error {
		text := fmt.Sprintf("Usage:\n  %s\n", asked.UseLine())
		if hasSettings(asked) { // verbs below inherit this function, not the flags
			text += "\n" + table.Help()
		}
		_, err := io.WriteString(asked.OutOrStderr(), text)
		return err
	})
}

// hasSettings reports whether cmd has gone through addSettings.
func hasSettings(cmd *cobra.Command) bool { return cmd.Flags().Lookup("bind") != nil }

// loadSettings resolves the settings from the flags and arguments of cmd, the
// environment and the settings file.
func (p *program) loadSettings(cmd *cobra.Command, args []string) (settings.Values, error) {
	table := settingsTable()
	sources := settings.Sources{Flags: cmd.Flags(), Args: args, Environ: p.environ}
	object, err := djangoSettings(p.environ)
	if err != nil {
		return settings.Values{}, usageError{err, cmd.CommandPath()}
	}
	sources.Object = object
	// Which file to read is itself a setting, so the others are read twice.
	// Mistakes are found again then, together with those of the file.
	values, _ := table.Resolve(sources)
	if sources.File, err = settingsFile(values); err == nil {
		values, err = table.Resolve(sources)
	}
	if err == nil {
		err = cmp.Or(noAddress(args), checkApps(values))
	}
	if err != nil {
		return settings.Values{}, usageError{err, cmd.CommandPath()}
	}
	return values, nil
}

// noAddress refuses an address in the place of the application, where runserver has it.
func noAddress(args []string) error {
	if len(args) == 0 {
		return nil
	}
	host, port := "", args[0]
	if i := strings.LastIndexByte(port, ':'); i >= 0 {
		host, port = port[:i], port[i+1:]
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil
	}
	if _, err := os.Stat(args[0]); err == nil {
		return nil // a project's directory
	}
	return fmt.Errorf("%s is an address and no application: did you mean --bind %s:%s?", args[0], host, port)
}

// settingsFile returns the path of the file to read: the one that --config
// names, which must exist, or the default one in --chdir, if it exists.
func settingsFile(values settings.Values) (string, error) {
	if path := values.String("config"); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("--config: %w", err)
		}
		return path, nil
	}
	path := filepath.Join(values.String("chdir"), defaultFile)
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
		return "", fmt.Errorf("cannot read the settings file: %w", err)
	}
	return path, nil
}
