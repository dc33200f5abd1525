//go:build !windows

package main

import "highball/internal/settings"

// mannerLogSettings say what is told of requests and of the server in the forms that
// other servers have.
func mannerLogSettings() []settings.Setting {
	const group = "Logs"
	return []settings.Setting{
		{
			Name: "access-log-format", Kind: settings.String, Group: group, Placeholder: "FORMAT",
			Automatic: "what log-format says",
			Usage:     "the form of the access log's lines, in gunicorn's atoms: '%(h)s \"%(r)s\" %(s)s'",
			KnownAs:   []string{"access-logformat"},
			Doc: `
The form of the access log's lines, whatever ` + "`log-format`" + ` says: text with atoms in gunicorn's way of writing them, ` + "`%(h)s`" + `. By default the lines are those of ` + "`log-format`" + `, which need no
look at each request's fields. gunicorn's own form is ` + "`%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\"`" + `. An atom that does not exist is an error at the start; ` +
				"[OPERATIONS.md](OPERATIONS.md#the-access-logs-form) lists those that do. What comes from a client is escaped, so that it cannot forge a line.",
		},
		{
			Name: "error-log", Kind: settings.String, Default: "-", Group: group, Placeholder: "-|FILE",
			Usage:   "where the server's own log goes: - (stderr) or a file",
			KnownAs: []string{"error-logfile", "errorlog", "log-file", "logto", "logto2"},
			Doc: `
Where the server's own log goes, and with it what the application prints and writes to ` + "`wsgi.errors`" + `: ` + "`-`" + ` is standard error, the default, since service managers and containers keep that; else a file, which is appended
to and opened again by SIGUSR1. Until the server is ready its lines go to standard error as well, so that who starts it sees why it does not start. With ` + "`user`" + ` the file is given to the user. Where it cannot be written, since the disk is full, say,
the lines are lost, requests are served, and standard error says so.`,
		},
	}
}

// statsdSettings say to whom it is told in numbers.
func statsdSettings() []settings.Setting {
	const group = "Logs"
	return []settings.Setting{
		{
			Name: "statsd", Kind: settings.String, Group: group, Placeholder: "HOST:PORT|unix:PATH",
			Automatic: "nobody",
			Usage:     "a statsd server that gets counts and times of requests",
			KnownAs:   []string{"statsd-host", "stats-push"},
			Doc: `
Where a statsd server listens for datagrams, ` + "`127.0.0.1:8125` or `unix:/run/statsd.sock`" + `. It gets gunicorn's measurements, several lines in a datagram: how many requests there were, how long they took, with which status, how
many workers there are, how many requests wait, and how many lines the log has from warnings on; [OPERATIONS.md](OPERATIONS.md#statsd) has the names. None by default. Nothing waits for it: what cannot be sent is lost, and the log says so once a minute.`,
		},
		{
			Name: "statsd-prefix", Kind: settings.String, Default: "highball", Group: group, Placeholder: "PREFIX",
			Usage: "what the names of statsd's values begin with",
			Doc: `
What stands before the name of each value, with a dot between: ` + "`highball.requests`" + ` by default. Give ` + "`gunicorn`" + `, or ` + "`shop.gunicorn`" + ` where gunicorn's own prefix was ` + "`shop`" + `, and dashboards that were made for gunicorn find
the same names. Without any prefix, when it is empty, names of several programs may be the same.`,
		},
		{
			Name: "statsd-tags", Kind: settings.List, Group: group, Placeholder: "TAG",
			Usage:   "a tag on each of statsd's values, as dogstatsd has them: env:production",
			KnownAs: []string{"dogstatsd-tags"},
			Doc: `
Tags that each value has, as Datadog's agent and others understand them (` + "`|#env:production,web`" + `). None by default: a server that knows only statsd's own protocol throws away what has them. Repeat the flag for more than one.`,
		},
	}
}

// processSettings say how the process stands among others.
func processSettings() []settings.Setting {
	const group = "Process"
	return []settings.Setting{
		{
			Name: "pid-file", Kind: settings.String, Group: group, Placeholder: "FILE",
			Automatic: "none",
			Usage:     "a file that has the server's process number while it serves",
			KnownAs:   []string{"pid", "pidfile", "pidfile2", "safe-pidfile"},
			Doc: `
A file that has the number of the front's process, for ` + "`kill $(cat FILE)`" + `. None by default: a service manager knows it. It is there, whole, once the server serves; after SIGUSR2 it names the new process from the
moment in which that has taken over; at the end it is removed, if it is still this process's. A file of a process that is gone is replaced. If that process runs, the server does not start: exit code 1. With ` + "`user`" + ` it is best
put into a directory of the user's. In one of root's the file is made the user's, and is left empty at the end.`,
		},
		{
			Name: "daemon", Kind: settings.Bool, Default: "false", Group: group,
			Usage:   "go on in the background; the command returns when the server is ready",
			KnownAs: []string{"daemonize", "daemonize2", "background"},
			Doc: `
Has the server go on in the background, in a session of its own. The command returns when the server is ready, with exit code 0, or has failed, with its exit code and with what it had to say. From then on the
server's standard output and error are ` + "`error-log`" + `'s, or nobody's: name a file there. Off by default: service managers and containers want the process that they have started, and where systemd waits to hear from it
(` + "`NOTIFY_SOCKET`" + `), or sockets were handed to it, the start is refused.`,
		},
		{
			Name: "proc-name", Kind: settings.String, Group: group, Placeholder: "NAME",
			Automatic: "the programs' own names",
			Usage:     "what the processes are called in ps and top",
			KnownAs:   []string{"procname", "procname-prefix", "auto-procname", "default-proc-name", "process-name"},
			Doc: `
What the processes are called where the system lists them by name (` + "`top`, `ps -o comm`, `pgrep`" + `): the front by this name, the Python processes with ` + "`:z`" + ` behind it (the zygote) or ` + "`:w`" + ` (a worker). Linux has room for 15
bytes; longer names are cut. By default they are ` + "`highball`" + ` and the interpreter's. Command lines, as ` + "`ps aux`" + ` shows them, stay as they are.`,
		},
	}
}
