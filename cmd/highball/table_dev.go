//go:build !windows

package main

import "highball/internal/settings"

// changeSettings say which changes of files are a reload.
func changeSettings() []settings.Setting {
	const group = "Replacing workers"
	return []settings.Setting{
		{
			Name: "reload-on-change", Kind: settings.Bool, Group: group,
			Usage:   "reload when a file changes that the application is made of",
			KnownAs: []string{"reload", "py-autoreload", "python-autoreload", "auto-reload", "autoreload", "use-reloader", "watch"},
			Doc: `
Reloads when a file changes that the application is made of: each module that it has imported, installed ones and those that a request imports
later among them, and in the working directory and below each Python file, template (` + "`.html`, `.jinja`" + ` and the like), ` + "`.env` and `.flaskenv`" + `.
Requests that come after the change wait for the new code, ` + "`start-timeout`" + ` at most. Off by default, and on in
` + "`highball dev`" + `: files that change while the server watches are a developer's; a deployment ends with ` + "`touch-reload`" + ` or SIGHUP, once all of its files are there.`,
		},
		{
			Name: "reload-extra", Kind: settings.List, Group: group, Placeholder: "FILE",
			Usage:   "more files for reload-on-change",
			KnownAs: []string{"reload-extra-files", "extra-files", "reload-include", "watch-files"},
			Doc: `
Further files whose change is a reload with ` + "`reload-on-change`" + `: paths, patterns as in a shell (` + "`conf/*.yaml`" + `), or directories, of which all files count.
None by default: what an application reads beside its modules and templates only its author knows. A relative path counts from the directory that Highball was started in.`,
		},
	}
}
