//go:build !windows

package main

import (
	"strconv"

	"highball"
	"highball/internal/settings"
)

// connectionSettings say what a client may do before the application has to do with it.
func connectionSettings() []settings.Setting {
	return append(connectionTimes(), connectionLimits()...)
}

const connectionGroup = "Connections"

func connectionTimes() []settings.Setting {
	return []settings.Setting{
		{
			Name: "header-timeout", Kind: settings.Duration, Group: connectionGroup,
			Default: inSeconds(highball.DefaultHeaderTimeout),
			Usage:   "how long the head of a request may take to arrive",
			KnownAs: []string{"client-header-timeout", "read-header-timeout", "request-header-timeout"},
			Doc: `
How long the head of a request may take to arrive, from its first byte to its last, however many pieces it comes in. Then the client gets 408 and
the connection closes. Half a minute is ample for the worst mobile line and short enough that clients which send a byte now and then hold a
connection, never a thread, and not for long. ` + "`0`" + ` switches it off: only for clients that are all your own.`,
		},
		{
			Name: "keepalive-timeout", Kind: settings.Duration, Group: connectionGroup,
			Default: inSeconds(highball.DefaultKeepaliveTimeout),
			Usage:   "how long a connection is kept without requests",
			KnownAs: []string{"keep-alive", "keep-alive-timeout", "http-keepalive", "idle-timeout", "timeout-keep-alive"},
			Doc: `
How long a connection is kept on which nothing is asked: after a response, and before the first request. The default is longer than the 60 seconds for which nginx
and the usual balancers keep theirs, so that it is they who close: the other way round a request may cross the close and fail. Raise it above what
stands in front of you. An idle connection costs little, and is the first to go when ` + "`max-connections`" + ` is reached. ` + "`0`" + ` keeps
connections until their clients close.`,
		},
		{
			Name: "send-timeout", Kind: settings.Duration, Group: connectionGroup,
			Default: inSeconds(highball.DefaultSendTimeout),
			Usage:   "how long a client may take nothing of its response",
			KnownAs: []string{"write-timeout", "socket-send-timeout", "http-write-timeout"},
			Doc: `
How long a client may take nothing at all of a response that is there for it. Then the connection is cut. It is a limit of progress: each byte
that the client's side takes begins it anew, so that a slow download of hours is no matter. Over HTTP/2 it holds for each stream as well: one
that does not get on is reset, the others go on. nginx has the same default. ` + "`0`" + ` lets
a client that has stopped reading hold its connection until it is closed by the network.`,
		},
	}
}

func connectionLimits() []settings.Setting {
	return []settings.Setting{
		{
			Name: "limit-request-line", Kind: settings.Size, Group: connectionGroup,
			Default: settings.Bytes(highball.DefaultLimitRequestLine).String(),
			Usage:   "the longest request line",
			KnownAs: []string{"max-request-line", "request-line-limit", "max-uri-length"},
			Doc: `
The longest request line: method, target with its query, version. A longer one is answered 414. The default is twice the 8000 bytes that RFC 9112 asks
every server to take; much longer targets are refused by proxies on the way. It may be 128 bytes to 1 MiB, and not more than
` + "`limit-request-head`" + `.`,
		},
		{
			Name: "limit-request-head", Kind: settings.Size, Group: connectionGroup,
			Default: settings.Bytes(highball.DefaultLimitRequestHead).String(),
			Usage:   "the largest head of a request, all its fields together",
			KnownAs: []string{"large-client-header-buffers", "limit-request-field-size", "buffer-size", "max-header-size", "h11-max-incomplete-event-size"},
			Doc: `
The largest head of a request: the request line and all fields together. A larger one is answered 431. One field may take all of it, so there is no limit
for a single field beside it. The default takes the largest cookies that browsers send. A connection holds this much memory at most while a
head arrives. It may be 1 KiB to 16 MiB. It also bounds the fields that may follow a body in chunks.`,
		},
		{
			Name: "limit-request-fields", Kind: settings.Int, Min: 1, Group: connectionGroup,
			Default: strconv.Itoa(highball.DefaultLimitRequestFields),
			Usage:   "how many fields the head of a request may have",
			KnownAs: []string{"max-headers", "max-header-count", "limit-headers"},
			Doc: `
How many fields the head of a request may have. One with more is answered 431. Browsers send twenty, and proxies add some; hundreds come only
from those who look for what a server does with them. At most 32768. Over HTTP/2 all
pieces of one cookie count once.`,
		},
		{
			Name: "max-connections", Kind: settings.Int, Min: 0, Group: connectionGroup,
			Automatic: "three quarters of the descriptor limit, at most 100000",
			Usage:     "how many connections may be open at a time",
			KnownAs:   []string{"max-conns", "connection-limit", "limit-concurrency", "max-clients"},
			Doc: `
How many connections of clients may be open at a time, of all listeners together. When they are, a new one takes the place of the one on which nothing has been asked for
longest, if that is a second or more; else it waits in the backlog until another ends. No request is refused or lost by that. By
default three quarters of the descriptors that the process may have (` + "`ulimit -n`" + `, LimitNOFILE), because workers and files need some too. ` + "`0`" + ` is
no limit: then descriptors are the limit.`,
		},
		{
			Name: "max-connections-per-address", Kind: settings.Int, Min: 0, Group: connectionGroup,
			Automatic: "a quarter of max-connections, for public addresses",
			Usage:     "how many connections one client may have open",
			KnownAs:   []string{"limit-conn", "connections-per-ip", "max-connections-per-ip", "per-ip-limit"},
			Doc: `
How many connections one client may have open: an IPv4 address, or the 64 leading bits of an IPv6 address, which one customer of a provider has for himself.
One more is closed at once. The default, a quarter of ` + "`max-connections`" + `, holds for public addresses alone: those of loopback, of private and of link-local networks
are where proxies and balancers stand, which speak for many. A number given here holds for all addresses, so do not give one behind a proxy. Unix
sockets have no addresses and are never counted. ` + "`0`" + ` is no limit.`,
		},
	}
}
