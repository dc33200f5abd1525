// Package listen turns the addresses of --bind into listening sockets.
//
// Its errors are one line each and are meant to be shown as they are: they begin
// with the address and end with what to do.
package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Listen opens a listener on a. TCP sockets have SO_REUSEADDR, so a server that
// restarts gets its port back; ":port" and "[::]:port" take IPv4 and IPv6, "0.0.0.0:port"
// IPv4 alone. The rules for Unix sockets with a file are:
//
//   - a socket file that nobody serves any more is replaced;
//   - one that another server accepts on is an error;
//   - anything else at that path is an error, and it is never removed;
//   - nobody can connect before the file has its mode and owner;
//   - Close removes the file only if it is still the one that Listen made.
//
// ctx bounds the look-up of a host name; it does not close the listener.
func Listen(ctx context.Context, a Address, o Options) (*Socket, error) {
	switch {
	case a.Given != "":
		return nil, notGiven(a)
	case a.Path != "":
		return listenUnix(ctx, a, o)
	case a.Abstract != "":
		return listenAbstract(ctx, a, o)
	}
	lc := net.ListenConfig{Control: o.beforeBind}
	l, err := lc.Listen(ctx, a.tcpNetwork(o), a.String())
	if err != nil {
		return nil, explainTCP(a, err)
	}
	return (&Socket{stream: l.(*net.TCPListener), name: a.String()}).withBacklog(o.Backlog)
}

// tcpNetwork: package net takes both versions for any address that means "all".
func (a Address) tcpNetwork(o Options) string {
	ip := net.ParseIP(a.Host)
	switch {
	case o.IPv6Only:
		return "tcp6"
	case ip.To4() != nil:
		return "tcp4"
	}
	return "tcp"
}

func (o Options) beforeBind(_, _ string, c syscall.RawConn) (err error) {
	if !o.ReusePort {
		return nil
	}
	controlErr := c.Control(func(fd uintptr) {
		err = os.NewSyscallError("SO_REUSEPORT", unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
	})
	return errors.Join(controlErr, err)
}

func notGiven(a Address) error {
	if a.OfSystemd() {
		return fmt.Errorf("%s: systemd has given this process no such socket: does the socket unit have this FileDescriptorName=, "+
			"and does ExecStart= start highball itself (LISTEN_PID)?", a)
	}
	return fmt.Errorf("%s: this process was given no such socket", a)
}

// addressError says in text what happened and what to do, and keeps the cause
// for errors.Is without repeating it.
type addressError struct {
	addr  Address
	text  string
	cause error
}

func (e *addressError) Error() string { return e.addr.String() + ": " + e.text }
func (e *addressError) Unwrap() error { return e.cause }

const inUse = "address already in use: is another server running? choose another with --bind"

func explainTCP(a Address, err error) error {
	explain := func(text string) error { return &addressError{a, text, cause(err)} }
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		if slices.Contains([]Protocol{HTTP, HTTPS, H3, UWSGI}, Protocol(a.Host)) {
			return explain(fmt.Sprintf("host %q not found: did you mean %s://:%d?", a.Host, a.Host, a.Port))
		}
		return explain(fmt.Sprintf("host %q not found: is it spelled right? use an IP address, or :%d for all", a.Host, a.Port))
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return explain(inUse)
	case errors.Is(err, syscall.EACCES) && a.Port < 1024:
		return explain("permission denied: ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher one with --bind")
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return explain("permission denied: a security policy forbids this port: choose another with --bind")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return explain(fmt.Sprintf("this machine has no such address: use :%d for all that it has, or choose another with --bind", a.Port))
	case errors.Is(err, syscall.EAFNOSUPPORT):
		return explain("this machine does not speak this version of IP: choose an address of the other with --bind")
	}
	return fmt.Errorf("%s: %w", a, cause(err))
}

// cause takes the error out of package net's wrapping, which repeats the address.
func cause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}
