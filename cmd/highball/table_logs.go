//go:build !windows

package main

import "highball/internal/settings"

// logSettings say what is written down, how and where.
func logSettings() []settings.Setting {
	const group = "Logs"
	return []settings.Setting{
		{
			Name: "log-level", Kind: settings.Enum, Choices: []string{"debug", "info", "warning", "error"},
			Default: "info", Group: group, Placeholder: "LEVEL",
			Usage:   "the least severe messages to log: debug, info, warning, error",
			KnownAs: []string{"loglevel", "verbosity", "verbose", "quiet"},
			Doc: `
The least severe messages that the server writes to standard error. The default shows starts, stops and everything that went wrong; a
worker's crash is an error at every level. The names are those of Python's ` + "`logging`" + `. What the application itself logs is its own
affair.`,
		},
		{
			Name: "log-format", Kind: settings.Enum, Choices: []string{"text", "json"},
			Default: "text", Group: group, Placeholder: "FORMAT",
			Usage: "how log lines are written: text, json",
			Doc: `
How the lines of both logs are written. Text is the default because a person reads it first; the access log is then Apache's combined
format with the duration, the time in the queue and the request's ID behind it. Choose JSON, one object on each line, where a collector reads the logs.`,
		},
		{
			Name: "access-log", Kind: settings.String, Default: "off", Group: group, Placeholder: "off|-|FILE",
			Usage:   "where to write a line for each request: off, - or a file",
			KnownAs: []string{"access-logfile", "accesslog", "req-logger"},
			Doc: `
Where to write one line for each request: ` + "`off`, `-`" + ` for standard output, or a file, which is appended to. Off by default: in front of
most servers stands another that has such a log already, and a line costs as much time as a small part of a request. After a
rotation have the file opened again by SIGUSR1, or use ` + "`-`" + ` and let the service manager keep the lines. Where it cannot be written, since the disk
is full, say, requests are served without it, and the server's log tells how many lines were lost.`,
		},
	}
}
