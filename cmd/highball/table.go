//go:build !windows

package main

import (
	"slices"

	"highball/internal/settings"
)

// settingsTable describes every setting of Highball. It is the only place where
// one is described; flags, variables, the file and docs/CONFIG.md follow it. First is
// what one who begins needs.
func settingsTable() settings.Table {
	return settings.Table{
		Program: "highball",
		Settings: slices.Concat(
			appSettings(),
			environmentSettings(),
			mountSettings(),
			hookSettings(),
			networkSettings(),
			socketSettings(),
			tlsSettings(),
			acmeSettings(),
			proxySettings(),
			privilegeSettings(),
			processSettings(),
			workerSettings(),
			timeSettings(),
			logSettings(),
			mannerLogSettings(),
			statsdSettings(),
			controlSettings(),
			queueSettings(),
			recycleSettings(),
			changeSettings(),
			connectionSettings(),
			bodySettings(),
			bodyPaceSettings(),
			responseSettings(),
			staticSettings(),
		),
		Sections: []settings.Section{appSection()},
	}
}
