package front

import (
	"log/slog"
	"math"
	"syscall"
	"time"

	"highball/internal/h1"
)

// Defaults of Options.
const (
	headerTimeout = 30 * time.Second
	idleTimeout   = 75 * time.Second // above the 60 s of usual balancers
	sendTimeout   = 60 * time.Second
)

// maxHead bounds the head of a request, in bytes; larger ones are answered 431.
const maxHead = 64 << 10

// mostConnections bounds the default of MaxConnections: each costs memory of the
// kernel too, whatever the limit of descriptors is.
const mostConnections = 100_000

// never is a time that is never over. It leaves room for a clock to be added.
const never = math.MaxInt64 / 4 * time.Nanosecond

// Options say what a connection may take. The zero value of each means its default,
// a negative time or number that there is no limit.
type Options struct {
	// HeaderTimeout bounds how long the head of a request may take. Default: 30 s.
	HeaderTimeout time.Duration

	// IdleTimeout bounds how long a connection is kept without requests. Default: 75 s.
	IdleTimeout time.Duration

	// SendTimeout bounds how long a client may take nothing of a response. Default: 60 s.
	SendTimeout time.Duration

	// Limits bound a request's head; ChunkExtensions is of HTTP/1 alone.
	Limits h1.Limits

	// MaxConnections bounds the connections that are open at a time. Default: three
	// quarters of the process's limit of descriptors, at most 100,000.
	MaxConnections int

	// MaxConnectionsPerAddress bounds those of one client: an IPv4 address, or the /64
	// of an IPv6 one. Default: a quarter of MaxConnections, for public addresses alone:
	// proxies and balancers have others. One that is given holds for all addresses.
	MaxConnectionsPerAddress int

	// Linger is how long a drain keeps a connection on which nothing is asked, for a
	// request that is on its way. Default: 1 s.
	Linger time.Duration

	// Logger is told of what is refused, closed or made to wait. Default: slog.Default().
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	o.HeaderTimeout = timeLimit(o.HeaderTimeout, headerTimeout)
	o.IdleTimeout = timeLimit(o.IdleTimeout, idleTimeout)
	o.SendTimeout = timeLimit(o.SendTimeout, sendTimeout)
	o.Linger = timeLimit(o.Linger, drainLinger)
	if o.Limits.Head == 0 {
		o.Limits.Head = maxHead
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = defaultConnections()
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func timeLimit(d, standard time.Duration) time.Duration {
	switch {
	case d == 0:
		return standard
	case d < 0:
		return never
	}
	return d
}

// defaultConnections leaves a quarter of the descriptors to workers, files and sockets.
func defaultConnections() int {
	limit, ok := descriptors()
	if !ok || limit/4 >= mostConnections/3 {
		return mostConnections
	}
	return max(1, int(limit/4*3))
}

// descriptors is how many this process may have.
func descriptors() (limit uint64, ok bool) {
	var l syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
	return l.Cur, err == nil
}
