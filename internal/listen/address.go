package listen

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxPath is the longest path that a Unix socket address holds, in bytes: 107
// on Linux, 103 on macOS. The last byte of the kernel's array ends the string.
const maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

const forms = `want "host:port", ":port", "[::1]:port" or "unix:/path"`

// Address is a place to listen: a TCP host and port, or, if Path is set, a Unix
// socket.
type Address struct {
	Host string // a name or an IP address; empty means all addresses of the machine
	Port uint16 // 0 lets the system choose one; see Bound
	Path string // the file of a Unix socket
}

// Parse reads "host:port", ":port", "[::1]:port" or "unix:/path". Its errors
// quote s and say what to write instead.
func Parse(s string) (Address, error) {
	if s == "" {
		return Address{}, errors.New("empty address: " + forms)
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return parseUnix(s, path)
	}
	return parseTCP(s)
}

func parseUnix(s, path string) (Address, error) {
	switch {
	case path == "":
		return Address{}, fmt.Errorf("%q: no path: did you mean unix:/run/app.sock?", s)
	case strings.ContainsRune(path, 0):
		return Address{}, fmt.Errorf("%q: a path holds no NUL byte", s)
	case path[0] == '@':
		return Address{}, fmt.Errorf("%q: abstract sockets are not supported: use a file, as in unix:/run/app.sock", s)
	case strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///"):
		return Address{}, fmt.Errorf("%q: did you mean unix:%s?", s, path[1:])
	}
	a := Address{Path: filepath.Clean(path)}
	if a.Path[0] == '@' { // "./@x": to be written back as a path, not as an abstract name
		a.Path = "./" + a.Path
	}
	return a, a.checkPath()
}

func (a Address) checkPath() error {
	if n := len(a.Path); n > maxPath {
		return fmt.Errorf("%s: path of %d bytes, the system allows %d: choose a shorter one with --bind", a, n, maxPath)
	}
	return nil
}

func parseTCP(s string) (Address, error) {
	if hint := tcpHint(s); hint != "" {
		return Address{}, fmt.Errorf("%q: %s", s, hint)
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Address{}, fmt.Errorf("%q: %s", s, forms)
	}
	if strings.ContainsFunc(host, notHost) {
		return Address{}, fmt.Errorf("%q: %q is not a host name or an IP address: %s", s, host, forms)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return Address{}, fmt.Errorf("%q: port %q is not a number from 0 to 65535", s, port)
	}
	return Address{Host: host, Port: uint16(n)}, nil
}

// tcpHint knows what people write for an address that is not one; empty means
// that s has the shape of an address.
func tcpHint(s string) string {
	bracketed := strings.HasPrefix(s, "[")
	switch {
	case strings.Trim(s, "0123456789") == "":
		return "did you mean :" + s + "?"
	case strings.Contains(s, "://"):
		return "only one protocol may stand before an address: " + forms
	case strings.Contains(s, "/"):
		return "did you mean unix:" + s + "?"
	case strings.HasPrefix(s, "*:"):
		return "did you mean " + s[1:] + "?"
	case strings.Count(s, ":") > 1 && !bracketed:
		return "an IPv6 address stands in brackets, as in [::1]:8000"
	case bracketed && strings.HasSuffix(s, "]"), !strings.Contains(s, ":"):
		return "no port: did you mean " + s + ":8000?"
	}
	return ""
}

// notHost reports what occurs in no host name, IP address or IPv6 zone. The
// resolver judges the rest.
func notHost(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`"#<>?@[\]^{|}`, r)
}

// Network is "tcp" or "unix", as package net names them.
func (a Address) Network() string {
	if a.Path != "" {
		return "unix"
	}
	return "tcp"
}

// String returns a in the form that Parse reads.
func (a Address) String() string {
	if a.Path != "" {
		return "unix:" + a.Path
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port)))
}

// URL returns what to show a person: "http://127.0.0.1:8000/", with 0.0.0.0 for
// an empty host, or "unix:/path". No scheme exists for HTTP on a Unix socket.
func (a Address) URL() string {
	if a.Path != "" {
		return a.String()
	}
	if a.Host == "" {
		a.Host = "0.0.0.0"
	}
	u := url.URL{Scheme: "http", Host: a.String(), Path: "/"}
	return u.String()
}

// Bound returns a with the port that l has, which the system chose if a.Port is 0.
func (a Address) Bound(l net.Listener) Address {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && a.Path == "" {
		a.Port = uint16(tcp.Port)
	}
	return a
}
