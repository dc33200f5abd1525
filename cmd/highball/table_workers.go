//go:build !windows

package main

import (
	"strconv"

	"highball"
	"highball/internal/settings"
)

// workerSettings say how many Python processes and threads there are.
func workerSettings() []settings.Setting {
	const group = "Workers"
	return []settings.Setting{
		{
			Name: "workers", Short: "w", Kind: settings.Int, Min: 1, Group: group,
			Automatic: "the CPUs, at least 2",
			Usage:     "the number of Python processes",
			KnownAs:   []string{"processes", "procs", "worker-count", "num-workers"},
			Doc: `
The number of Python processes. By default as many as there are CPUs that this process may use, by its affinity and by the quota of its
cgroup, because only processes make use of more than one CPU as long as Python has its global lock. At least 2, so that one crash, or
one long call into C code that keeps that lock, does not stop the service; at most 1024. Each one has the application in memory: where memory is what
limits you, see ` + "`preload`" + `.`,
		},
		{
			Name: "threads", Kind: settings.Int, Min: 1, Group: group,
			Default: strconv.Itoa(highball.DefaultThreads),
			Usage:   "the number of requests that one process serves at a time",
			KnownAs: []string{"worker-connections", "concurrency", "greenlets"},
			Doc: `
The number of requests that one process serves at a time, each in a thread. The default is 4: Django and Flask are safe to use with
threads and spend most of a request waiting for a database. More threads do not add CPU, since one of them at a time holds Python's
global lock; they only make latencies uneven. Raise it for applications that wait long for other services.

Use 1 for an application that is not safe to use with threads. It then runs in the main thread of its process, where
` + "`signal.signal`" + ` works too.`,
		},
		{
			Name: "preload", Kind: settings.Bool, Group: group,
			Usage:   "import the application once, before the processes are forked",
			KnownAs: []string{"preload-app", "lazy", "lazy-apps"},
			Doc: `
Imports the application once and forks the workers from that process. They share its memory, and starting another one takes
milliseconds. Off by default, because a fork after the import breaks applications that open connections, sockets or threads while
they are imported: two workers would talk over the same database connection, and the threads do not exist in either. Highball names
the threads that it finds alive at the fork in a warning.`,
		},
	}
}
