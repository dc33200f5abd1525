//go:build !windows

package main

import (
	"strconv"

	"highball"
	"highball/internal/settings"
)

// queueSettings say how requests wait for a thread, and for another one.
func queueSettings() []settings.Setting {
	const group = "Queue"
	return []settings.Setting{
		{
			Name: "queue-timeout", Kind: settings.Duration, Group: group,
			Default: inSeconds(highball.DefaultQueueTimeout),
			Usage:   "how long a request may wait for a free thread",
			KnownAs: []string{"backlog-timeout", "backpressure-timeout"},
			Doc: `
How long a request may wait for a free thread before it is answered 503 with ` + "`Retry-After`" + `. After about ten seconds the user of a browser
has left; an honest error before that is worth more than an answer that nobody waits for, and it keeps an overloaded server from
working on nothing else. ` + "`0`" + ` lets requests wait until their clients leave.`,
		},
		{
			Name: "queue-size", Kind: settings.Int, Min: 0, Group: group,
			Default: strconv.Itoa(highball.DefaultQueueSize),
			Usage:   "how many requests may wait for a free thread",
			KnownAs: []string{"max-queue", "backpressure"},
			Doc: `
How many requests may wait for a free thread; one more is answered 503 with ` + "`Retry-After`" + ` at once. With the default of 1024 a burst waits
briefly instead of failing. Requests that are known to be short (less than 0.2 ms) have as many places of their own, so that a crowd of long
ones does not have them refused. Each one that waits costs a few kB of the front's memory, never a Python thread. With ` + "`0`" + ` nothing waits:
a request that finds no free thread is refused, as behind a load balancer that tries another server.`,
		},
		{
			Name: "queue-time-header", Kind: settings.Bool, Group: group,
			Usage:   "say in X-Queue-Time how long a request has waited",
			KnownAs: []string{"x-queue-time", "queue-header", "x-request-start"},
			Doc: `
Adds the field ` + "`X-Queue-Time`" + ` to each request, for tools in the application that read fields, and to its response, for the log of a proxy in
front: the seconds for which the request waited for a free thread, ` + "`0.012345`" + `. What clients send under this name is dropped then. Without
it the application finds the same in ` + "`environ['highball.queue_time']`" + `, a float, and the access log has ` + "`queue_time`" + `. Off by default: it
tells clients how busy the server is.`,
		},
		{
			Name: "retry-idempotent", Kind: settings.Bool, Group: group,
			Usage:   "serve a GET again whose worker has died",
			KnownAs: []string{"retry", "retries", "proxy-next-upstream"},
			Doc: `
A request whose worker dies while it serves it (killed for its memory, a crash in C code) is answered 502. With this one that may be repeated
is served again, from its beginning, by another worker: its method is idempotent (RFC 9110, 9.2.2: GET, HEAD, OPTIONS, TRACE, PUT, DELETE),
and nothing of its response, nor hints, was sent. Off by default, because it takes the application's word for that: a GET that changes
something changes it twice, and one that crashes its worker crashes up to 10. One that ran into ` + "`request-timeout`" + ` is not repeated. A request
that had not begun goes to another worker in any case.`,
		},
	}
}
