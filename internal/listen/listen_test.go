package listen

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// open listens on a until the test ends.
func open(t *testing.T, a Address) net.Listener {
	t.Helper()
	l, err := Listen(t.Context(), a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// wantError checks that listening on a fails in one line with all the parts.
func wantError(t *testing.T, a Address, parts ...string) error {
	t.Helper()
	l, err := Listen(t.Context(), a, Options{})
	if err == nil {
		l.Close()
		t.Fatalf("%s: got a listener, want an error", a)
	}
	wantText(t, err, append(parts, a.String()+": ")...)
	return err
}

func wantText(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want %q in it", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got %q, want one line", err)
	}
}

// talk checks that a client reaches l.
func talk(t *testing.T, l net.Listener) {
	t.Helper()
	c, err := net.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(served, "hi")
	served.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != "hi" {
		t.Errorf("got %q, %v; want hi", got, err)
	}
}

func TestTCP(t *testing.T) {
	asked := Address{Host: "127.0.0.1"}
	l := open(t, asked)
	talk(t, l)

	bound := asked.Bound(l)
	if bound.String() != l.Addr().String() {
		t.Errorf("Bound: got %s, want %s", bound, l.Addr())
	}
	err := wantError(t, bound, "address already in use: is another server running? choose another with --bind")
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %#v, want EADDRINUSE in it", err)
	}
}

func TestTCPNotOurAddress(t *testing.T) {
	wantError(t, Address{Host: "192.0.2.1"}, "this machine has no such address") // RFC 5737: never assigned
}

func TestExplainTCP(t *testing.T) {
	bind := func(errno syscall.Errno) error {
		return &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", errno)}
	}
	tests := []struct {
		name string
		addr Address
		err  error
		want string
	}{
		{"low port", Address{Port: 80}, bind(syscall.EACCES), ":80: permission denied: ports below 1024 need root or CAP_NET_BIND_SERVICE"},
		{"policy", Address{Port: 8000}, bind(syscall.EACCES), ":8000: permission denied: a security policy"},
		{"no IPv6", Address{Host: "::1", Port: 1}, bind(syscall.EAFNOSUPPORT), "[::1]:1: this machine does not speak"},
		{"no host", Address{Host: "nosuch", Port: 1}, &net.OpError{Op: "listen", Err: &net.DNSError{Name: "nosuch", IsNotFound: true}}, `nosuch:1: host "nosuch" not found`},
		{"a protocol", Address{Host: "https", Port: 1}, &net.OpError{Op: "listen", Err: &net.DNSError{Name: "https", IsNotFound: true}}, `https:1: host "https" not found: did you mean https://:1?`},
		{"other", Address{Port: 1}, bind(syscall.ENOMEM), ":1: bind: " + syscall.ENOMEM.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := explainTCP(tt.addr, tt.err)
			if !strings.HasPrefix(got.Error(), tt.want) {
				t.Errorf("got %q, want %q first", got, tt.want)
			}
			var want, have syscall.Errno
			if errors.As(tt.err, &want) && (!errors.As(got, &have) || have != want) {
				t.Errorf("got %#v, want %v in it", got, want)
			}
		})
	}
}
