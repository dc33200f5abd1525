//go:build !windows

package main

import (
	"highball"
	"highball/internal/settings"
)

// recycleSettings say when workers are replaced, and how.
func recycleSettings() []settings.Setting {
	const group = "Replacing workers"
	return []settings.Setting{
		{
			Name: "warmup", Kind: settings.List, Group: group, Placeholder: "PATH",
			Usage:   "a path to ask each new worker for before it gets requests",
			KnownAs: []string{"warm-up", "warmup-path", "warmup-url", "preheat"},
			Doc: `
Paths that the server itself asks each new worker for, by GET, before that gets requests: at the start, in a reload, and in place of
another. So caches are full and connections made when the first client comes, and a reload to code that starts but cannot answer leaves
the old code serving: a worker that answers one with a 5xx, or does not answer within ` + "`request-timeout`" + `, counts as one that does not start.
So does one whose warm-up as a whole takes longer than ` + "`start-timeout`" + `.
A 4xx is only logged. The host of the request is ` + "`localhost`" + `; for an application that wants another (Django's ALLOWED_HOSTS) write
` + "`http://example.org/path`" + `. The request's User-Agent begins with ` + "`highball-warmup/`" + `. None by default.`,
		},
		{
			Name: "touch-reload", Kind: settings.List, Group: group, Placeholder: "FILE",
			Usage:   "reload when this file is touched",
			KnownAs: []string{"reload-on-touch", "fs-reload"},
			Doc: `
Files whose change is a reload, as is SIGHUP: ` + "`touch deployed`" + ` as the last step of a deployment. They are looked at twice a second. A file need
not exist at the start; its directory does. Its disappearance is no change, its coming back is. A relative path counts from the directory
that Highball was started in. None by default.`,
		},
		{
			Name: "max-requests", Kind: settings.Int, Group: group,
			Default: "0",
			Usage:   "replace a worker after so many requests",
			KnownAs: []string{"limit-request", "maximum-requests", "max-worker-requests"},
			Doc: `
Replaces a worker after so many requests, ` + "`0`" + ` for never: the remedy for an application that leaks memory. The replacement is started first
and takes requests before the old worker gets no more; the old one finishes what it has. Never two workers are replaced at a time. Off
by default, because each replacement costs an import of the application.`,
		},
		{
			Name: "max-requests-jitter", Kind: settings.Int, Group: group,
			Default: "0",
			Usage:   "and up to so many more, at random",
			Doc: `
Each worker is replaced after up to so many requests more than ` + "`max-requests`" + `, at random, so that not all workers reach it together.`,
		},
		{
			Name: "max-worker-lifetime", Kind: settings.Duration, Group: group,
			Default: "0",
			Usage:   "replace a worker after so long",
			KnownAs: []string{"max-worker-age", "worker-lifetime", "max-lifetime"},
			Doc: `
Replaces a worker after so long, and up to a tenth more at random. As with ` + "`max-requests`" + ` the replacement comes first. Off by default.`,
		},
		{
			Name: "max-worker-memory", Kind: settings.Size, Group: group,
			Default: "0",
			Usage:   "replace a worker that takes more memory",
			KnownAs: []string{"reload-on-rss", "max-memory-per-child", "worker-max-memory", "evil-reload-on-rss", "memory-limit"},
			Doc: `
Replaces a worker whose resident memory is larger, looked at every second. The replacement comes first, and requests in progress finish. A
worker that has reached one and a half times the size gets no more requests at once, even if that leaves none. The size counts what is
shared with other workers (` + "`preload`" + `) in full. Off by default.`,
		},
		{
			Name: "memory-budget", Kind: settings.Size, Group: group,
			Automatic: "90 % of the container's limit, if it has one",
			Usage:     "replace the largest worker when all take more memory together",
			Doc: `
When all workers together take more memory than this, the largest is replaced. By default nine tenths of the memory limit of the container
(` + "`memory.max`" + ` of the cgroup, v2), so that a leak ends in a replacement and not in the kernel killing a process in the middle of a request.
Without a limit there is no budget.`,
		},
		{
			Name: "reload-mode", Kind: settings.Enum, Group: group,
			Choices: []string{string(highball.BlueGreen), string(highball.Rolling)},
			Default: string(highball.BlueGreen),
			Usage:   "how a reload replaces the workers",
			Doc: `
How a reload (SIGHUP, ` + "`highball ctl reload`" + `) replaces the workers. ` + "`blue-green`" + ` starts all new ones and switches when the last is ready: from one
moment to the next all requests meet the new code. For that moment the memory of two generations is needed. ` + "`rolling`" + ` replaces one worker
after the other and needs that of one more worker; meanwhile both codes serve. Either way the old code serves on if the new one does not start.`,
		},
	}
}
