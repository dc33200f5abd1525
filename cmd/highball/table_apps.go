//go:build !windows

package main

import "highball/internal/settings"

// mountSettings say where several applications are, and when one is loaded again.
func mountSettings() []settings.Setting {
	const group = "Application"
	return []settings.Setting{
		{
			Name: "mount", Kind: settings.List, Group: group, Placeholder: "[HOST]/PATH=APP",
			Usage:   "another application, below a path",
			KnownAs: []string{"mounts", "wsgi-script-alias", "script-alias"},
			Doc: `
Other applications beside ` + "`app`" + `, each written ` + "`/shop=shop.wsgi` or `shop.example.com/=shop.wsgi:application`" + `: the short form of [` + "`[[app]]`](#app-1)" + `,
for those that have all other settings in common. Each has workers of its own, as many as ` + "`workers`" + ` says. An ` + "`app`" + ` that is given as well is
served at ` + "`/`" + `; without one, what is below no mount is answered 404. None by default.`,
		},
		{
			Name: "reload-on-script-change", Kind: settings.Bool, Group: group,
			Usage:   "look at the application's file for each request, and reload when it has changed",
			KnownAs: []string{"script-reloading", "wsgi-script-reloading"},
			Doc: `
Has each request look whether the file that ` + "`app`" + ` names (` + "`site.wsgi`, `app.py`" + `) is another than the workers have loaded. If so, the workers are replaced as
by a reload, and this request and those after it wait for the new code, at most for ` + "`start-timeout`" + `; those in progress end with the
old. Where the new code does not start, its traceback is in the log and the old code serves on until the file changes again. The file alone is looked at, not
what it imports: ` + "`touch site.wsgi`" + ` after the rest is in place deploys. Off by default: a file that is written in several steps would be loaded
half. It needs an ` + "`app`" + ` that is a file.`,
		},
	}
}

// sharedSettings are those that each of several applications may have for itself.
var sharedSettings = []string{
	"app", "chdir", "python", "pythonpath", "env", "environ", "middleware", "hooks", "logger-class", "log-config", "validate",
	"workers", "threads", "preload", "start-timeout", "request-timeout", "queue-timeout", "queue-size",
	"queue-time-header", "retry-idempotent", "reload-mode", "max-requests", "max-requests-jitter",
	"max-worker-lifetime", "max-worker-memory", "max-body", "body-memory", "spool-limit", "stream-request",
	"body-timeout", "body-min-rate", "body-grace", "response-memory", "response-spool-limit",
	"warmup", "touch-reload", "reload-on-script-change", "reload-on-change", "reload-extra",
	"static", "app-static", "static-index", "static-max-age",
}

// appSection is [[app]].
func appSection() settings.Section {
	return settings.Section{
		Name: "app",
		Settings: []settings.Setting{
			{
				Name: "name", Kind: settings.String, Automatic: "the first host and the path", Placeholder: "NAME",
				Usage: "what operators call it: in `highball ctl`, in the logs",
			},
			{
				Name: "host", Kind: settings.List, Automatic: "each", KnownAs: []string{"hosts", "server-name", "domain", "vhost"},
				Usage: "the names that it answers to: `shop.example.com`, `*.example.com`",
			},
			{
				Name: "path", Kind: settings.String, Default: "/", KnownAs: []string{"mount", "prefix", "script-name", "location"},
				Usage: "the prefix of its paths, a whole number of segments",
			},
		},
		Shared:  sharedSettings,
		Fresh:   []string{"app", "warmup", "touch-reload", "reload-extra", "static"},
		Refusal: "this belongs to the whole server: write it above the first [[app]]",
		Doc: `
Several applications in one server, each with an interpreter, a zygote and workers of its own:

` + "```toml" + `
bind = [":80"]
workers = 2

[[app]]
host = ["shop.example.com", "*.shop.example.com"]
app = "/srv/shop/shop.wsgi"
python = "/srv/shop/venv/bin/python"
workers = 8

[[app]]
path = "/wiki"
app = "/srv/wiki/wiki.wsgi"
` + "```" + `

A request is one's whose ` + "`host`" + ` it names, without the port and in any case; of several with that host, one's with the longest ` + "`path`" + `. What none of
these takes goes to wildcards, the longest first, then to those without a host; what nobody takes is answered 404. ` + "`/shop`" + ` takes ` + "`/shop` and `/shop/cart`, not `/shopping`" + `;
it becomes ` + "`SCRIPT_NAME`" + `, and what follows ` + "`PATH_INFO`" + `. Paths are compared decoded, and are neither cleaned nor redirected.
[OPERATIONS.md](OPERATIONS.md#several-applications) says how they are operated. What an entry says itself counts before flags and variables, which are about all
entries. It cannot have what belongs to the process: addresses, TLS, limits of connections, logs.`,
	}
}
