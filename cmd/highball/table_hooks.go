//go:build !windows

package main

import "highball/internal/settings"

// hookSettings say what of the user's is called beside the application.
func hookSettings() []settings.Setting {
	const group = "Application"
	return []settings.Setting{
		{
			Name: "hooks", Kind: settings.String, Group: group, Placeholder: "MODULE",
			Usage: "a module or file with server hooks: post_fork, worker_exit and others",
			KnownAs: []string{
				"server-hooks", "on-starting", "on-reload", "when-ready", "pre-fork", "post-fork", "post-worker-init", "worker-int",
				"worker-abort", "pre-exec", "pre-request", "post-request", "worker-exit", "child-exit", "nworkers-changed", "on-exit",
			},
			Doc: `
A module (` + "`mysite.hooks`" + `) or a file (` + "`path/to/hooks.py`" + `, counted from ` + "`chdir`" + `) with functions that are called in the life of the Python
processes: ` + "`post_fork(server, worker)`, `pre_request(worker, req)`, `child_exit(server, worker)`" + ` and the others of gunicorn's, with its names and
arguments; [OPERATIONS.md](OPERATIONS.md#hooks) says when each one is called, in which process, and what an exception in it does. Other names in the
module are left alone. None by default. The module is imported once, in the process that forks the workers: what it imports, they
share.`,
		},
		{
			Name: "logger-class", Kind: settings.String, Group: group, Placeholder: "CLASS",
			Usage:   "a class for the log that hooks write to and that is told of each request",
			KnownAs: []string{"logger"},
			Doc: `
The class of the log that [hooks](#hooks) are given, ` + "`package.module.Class`" + `, or ` + "`hooks:NAME`" + ` for one of the hooks' module. It is called with ` + "`cfg`" + `, and its
` + "`access(resp, req, environ, request_time)`" + ` after each request, in the worker, as those of gunicorn's ` + "`logger_class`" + ` are. By default hooks write to the server's own
log, and the front writes the access log. What a class costs is added to each request: [OPERATIONS.md](OPERATIONS.md#a-log-of-your-own-class) has the rest.`,
		},
		{
			Name: "log-config", Kind: settings.String, Group: group, Placeholder: "FILE",
			Usage:   "what Python's logging is configured by in the workers: an INI or JSON file",
			KnownAs: []string{"logconfig", "log-config-json", "logconfig-json", "logconfig-dict"},
			Doc: `
What the logging module is configured by in the Python processes, before the application is imported: a file as ` + "`logging.config.fileConfig`" + ` reads it, a ` + "`.json`" + ` file with a
dict as of ` + "`dictConfig`" + `, or ` + "`hooks:NAME`" + ` for such a dict of the [hooks](#hooks)' module. The loggers ` + "`gunicorn.error`" + ` and ` + "`gunicorn.access`" + ` are then what it makes of them. By
default nothing is configured: an application does that itself, and what it prints is in the server's log.`,
		},
	}
}
