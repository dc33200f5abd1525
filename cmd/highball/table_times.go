//go:build !windows

package main

import (
	"strconv"
	"time"

	"highball"
	"highball/internal/settings"
)

// timeSettings bound how long things take.
func timeSettings() []settings.Setting {
	const group = "Times"
	return []settings.Setting{
		{
			Name: "start-timeout", Kind: settings.Duration, Group: group,
			Default: inSeconds(highball.DefaultStartTimeout),
			Usage:   "how long a worker may take to start, the import included",
			KnownAs: []string{"startup-timeout", "import-timeout", "boot-timeout"},
			Doc: `
How long a worker may take until it is ready, the import of the application included; with ` + "`preload`" + ` the process that imports it, too. One
that takes longer is killed, and the error says where its threads were. The default of one minute is far above what large projects need on a busy machine and still ends an import
that waits for a database that is not there.`,
		},
		{
			Name: "request-timeout", Kind: settings.Duration, Group: group,
			Default: inSeconds(highball.DefaultRequestTimeout),
			Usage:   "how long the application may take to its first block, and between blocks",
			KnownAs: []string{"timeout", "harakiri", "worker-timeout", "read-timeout", "blocking-threads-timeout"},
			Doc: `
How long the application may take until the first block of its response, and then from one block to the next. It counts the
application's own time: waiting for a slow client, in either direction, does not count, and neither does waiting in the queue. When it
runs out, the request's Python stack is logged, the client gets 504 and ` + "`highball.RequestTimeout`" + ` is raised in the request's thread. A
thread that does not yield within 5 seconds has its worker replaced: the other requests finish, then it is killed. One that holds Python's
global lock stops all threads of its process, which is killed at once.

The default is one minute, as is nginx's ` + "`proxy_read_timeout`" + `, so that both agree when nginx stands in front. ` + "`0`" + ` lets a request take
for ever: one that hangs then occupies its thread until a restart.`,
		},
		{
			Name: "drain-timeout", Kind: settings.Duration, Group: group,
			Default: inSeconds(highball.DefaultDrainTimeout),
			Usage:   "how long requests in progress may take to finish at a stop",
			KnownAs: []string{"graceful-timeout", "shutdown-timeout", "stop-timeout", "grace-period"},
			Doc: `
How long requests in progress may take to finish once the server is told to stop, or their worker is replaced. The default of 25 seconds stays below the 30 after
which Kubernetes kills a container that it has sent SIGTERM (` + "`terminationGracePeriodSeconds`" + `); raise both together. Docker waits only
10 seconds (` + "`docker stop -t`" + `), systemd 90 (` + "`TimeoutStopSec`" + `). ` + "`0`" + ` waits for the last one however long it takes.`,
		},
		{
			Name: "shutdown-delay", Kind: settings.Duration, Group: group,
			Default: "0",
			Usage:   "how long to go on serving once told to stop",
			KnownAs: []string{"pre-stop-delay", "lameduck", "lame-duck"},
			Doc: `
How long the server goes on serving as before once it is told to stop, while ` + "`highball ctl status`" + ` already says ` + "`draining`" + `. Balancers that
learn late that an instance is leaving send their requests elsewhere meanwhile; in Kubernetes it takes the place of a ` + "`preStop`" + ` hook
that sleeps. The drain begins after it, so that both times have to fit into what the supervisor allows. None by
default.`,
		},
	}
}

// inSeconds writes d as an operator would.
func inSeconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}
