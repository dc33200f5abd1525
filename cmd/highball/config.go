//go:build !windows

package main

import (
	"io"

	"github.com/spf13/cobra"

	"highball/internal/settings"
)

func (p *program) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config [APP] [flags]",
		Short: "Print the settings in force and where each comes from",
		Long: "Print the settings that run would use with the same flags, variables and file, " +
			"in the form of a settings file. The comments say where each value comes from. " +
			"Values are printed as they are, secrets among them.",
		DisableFlagsInUseLine: true,
		Args:                  cobra.ArbitraryArgs, // counted with the settings
		RunE: func(cmd *cobra.Command, args []string) error {
			values, err := p.loadSettings(cmd, args)
			if err != nil {
				return err
			}
			_, err = io.WriteString(p.stdout, inForce(values).TOML())
			return err
		},
	}
	addSettings(cmd)
	cmd.AddCommand(p.convertCommand())
	cmd.AddCommand(&cobra.Command{
		Use:   "docs [uwsgi]",
		Short: "Print the manual of all settings, or of another server's options, as Markdown",
		Args:  cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),

		ValidArgs: []string{"uwsgi"},

		DisableFlagsInUseLine: true,

		RunE: func(_ *cobra.Command, args []string) error {
			text := manual()
			if len(args) > 0 {
				text = uwsgiManual()
			}
			_, err := io.WriteString(p.stdout, text)
			return err
		},
	})
	return cmd
}

// inForce has the addresses that follow from other settings.
func inForce(v settings.Values) settings.Values {
	const source = settings.SourceDefault + " with https"
	if bindsFor(v, nil) != nil {
		return v
	}
	cfg := serverConfig(v, logs{})
	binds, redirect := cfg.AutomaticBinds()
	if redirect {
		v = v.With("redirect-https", true, source)
	}
	return v.With("bind", binds, source)
}

// manual is the text of docs/CONFIG.md.
func manual() string {
	return manualIntro + settingsTable().Markdown() + "\n" + exitCodes()
}

const manualIntro = `# Settings

<!-- Written by "highball config docs" from the table in cmd/highball. Do not edit by hand. -->

Each setting can be given in four places. The first of these that gives it counts:

1. a flag of the command line, ` + "`--request-timeout 30s`" + `;
2. an environment variable, ` + "`HIGHBALL_REQUEST_TIMEOUT=30s`" + `;
3. the settings file in TOML, ` + "`request_timeout = \"30s\"`" + `: the one that ` + "`--config`" + ` names, or ` + "`highball.toml`" + ` in the working directory;
4. the default.

Where ` + "`manage.py highball`" + ` starts the server, ` + "`HIGHBALL = {...}`" + ` of [Django's settings](OPERATIONS.md#django) stands between the second and the third.

` + "`highball config`" + ` prints what is in force and where it comes from, in the form of a settings file.

- **Lists and tables** are replaced as a whole by a higher place, never merged. A flag is repeated for each entry. In a variable the
  entries of a list are separated by commas, those of a table stand on lines of their own, ` + "`NAME=VALUE`" + `.
- **Times** are written ` + "`500ms`, `30s`, `1m30s`" + `, or as a bare number of seconds. ` + "`0`" + ` switches the limit off.
- **Sizes** are bytes, or units of 1024: ` + "`64KiB`, `512M`, `2GiB`" + `. ` + "`0`" + ` switches the limit off, unless the setting says otherwise.
- **Booleans** are ` + "`true` or `false`" + ` in a variable or the file; as flags they are ` + "`--preload` and `--no-preload`" + `.
- **Mistakes stop the start.** An unknown flag, key of the file or variable that begins with ` + "`HIGHBALL_`" + ` is an error, so that a
  mistyped name cannot leave a setting at its default unnoticed. The variables that Kubernetes makes for a service whose name
  begins with ` + "`highball`" + ` are left alone. A variable set to nothing counts as not set.

`
