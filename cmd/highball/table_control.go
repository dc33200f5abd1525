//go:build !windows

package main

import "highball/internal/settings"

// controlSettings say how a running server is asked and told.
func controlSettings() []settings.Setting {
	return []settings.Setting{
		{
			Name: "control", Kind: settings.String, Group: "Control", Placeholder: "PATH",
			Automatic: "PID.sock in the runtime directory",
			Usage:     "the Unix socket for highball ctl, or off",
			KnownAs:   []string{"control-socket", "stats", "stats-server", "master-fifo", "ctl"},
			Doc: `
The path of the Unix socket on which a running server answers ` + "`highball ctl`" + `; only its user may connect (mode 0600). By default it is
` + "`PID.sock`" + ` in ` + "`$XDG_RUNTIME_DIR/highball`" + `, for root in ` + "`/run/highball`" + `, else in ` + "`highball-UID`" + ` in the directory for temporary files, where
` + "`highball ctl`" + ` finds it by itself. ` + "`off`" + ` has none. If the default cannot be used, the server runs without, and a line of level debug says why.`,
		},
	}
}
