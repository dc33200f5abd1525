//go:build !windows

package main

import (
	"slices"

	"highball/internal/settings"
)

// settingsTable describes every setting of Highball. It is the only place where
// one is described; flags, variables, the file and docs/CONFIG.md follow it.
func settingsTable() settings.Table {
	return settings.Table{
		Program: "highball",
		Settings: slices.Concat(
			appSettings(),
			environmentSettings(),
			networkSettings(),
			connectionSettings(),
			workerSettings(),
			recycleSettings(),
			limitSettings(),
			bodySettings(),
			bodyPaceSettings(),
			queueSettings(),
			responseSettings(),
			logSettings(),
			controlSettings(),
		),
	}
}
