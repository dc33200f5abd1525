package listen

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unicode"
)

// maxPath is the longest path that a Unix socket address holds, in bytes: 107
// on Linux, 103 on macOS. The last byte of the kernel's array ends the string.
const maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

const forms = `want "host:port", ":port", "[::1]:port", "unix:/path", "fd://3" or "systemd:name"`

// Address is a place to listen: a TCP host and port unless one of the other fields
// is set.
type Address struct {
	Host     string // a name or an IP address; empty means all addresses of the machine
	Port     uint16 // 0 lets the system choose one; see Bound
	Path     string // the file of a Unix socket
	Abstract string // the name of a Unix socket that has no file (Linux), without "@"
	Given    string // what a socket is called that another process has opened: "fd://3", "systemd:web"
}

// Parse reads "host:port", ":port", "[::1]:port", "unix:/path", "unix:@name",
// "fd://3" or "systemd:name". Its errors quote s and say what to write instead.
func Parse(s string) (Address, error) {
	if s == "" {
		return Address{}, errors.New("empty address: " + forms)
	}
	if err := checkText(s); err != nil {
		return Address{}, err
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return parseUnix(s, path)
	}
	if number, ok := strings.CutPrefix(s, "fd:"); ok {
		return parseDescriptor(s, number)
	}
	if name, ok := strings.CutPrefix(s, systemdPrefix); ok {
		return parseSystemd(s, name)
	}
	return parseTCP(s)
}

// checkText keeps what errors quote to one line.
func checkText(s string) error {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%q: an address has no control characters, such as NUL or a line's end", s)
	}
	return nil
}

func parseUnix(s, path string) (Address, error) {
	switch {
	case path == "":
		return Address{}, fmt.Errorf("%q: no path: did you mean unix:/run/app.sock?", s)
	case path[0] == '@':
		return parseAbstract(s, path[1:])
	case strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///"):
		return Address{}, fmt.Errorf("%q: did you mean unix:%s?", s, path[1:])
	}
	a := Address{Path: filepath.Clean(path)}
	if a.Path[0] == '@' { // "./@x": to be written back as a path, not as an abstract name
		a.Path = "./" + a.Path
	}
	return a, a.checkPath()
}

func parseAbstract(s, name string) (Address, error) {
	switch {
	case runtime.GOOS != "linux":
		return Address{}, fmt.Errorf("%q: only Linux has abstract sockets: use a file, as in unix:/run/app.sock", s)
	case name == "":
		return Address{}, fmt.Errorf("%q: no name: did you mean unix:@app?", s)
	case len(name)+1 > maxPath:
		return Address{}, fmt.Errorf("%q: name of %d bytes, the system allows %d: choose a shorter one", s, len(name), maxPath-1)
	}
	return Address{Abstract: name}, nil
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

// Network is "tcp" or "unix", as package net names them; "" for a socket of another
// process, which may be either.
func (a Address) Network() string {
	switch {
	case a.Given != "":
		return ""
	case a.Path != "" || a.Abstract != "":
		return "unix"
	}
	return "tcp"
}

// isTCP says whether Host and Port are what counts.
func (a Address) isTCP() bool { return a.Network() == "tcp" }

// String returns a in the form that Parse reads.
func (a Address) String() string {
	switch {
	case a.Given != "":
		return a.Given
	case a.Abstract != "":
		return "unix:@" + a.Abstract
	case a.Path != "":
		return "unix:" + a.Path
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port)))
}

// URL returns what to show a person: "http://127.0.0.1:8000/", with 0.0.0.0 for
// an empty host, or "unix:/path". No scheme exists for HTTP on a Unix socket.
func (a Address) URL() string {
	if !a.isTCP() {
		return a.String()
	}
	if a.Host == "" {
		a.Host = "0.0.0.0"
	}
	u := url.URL{Scheme: "http", Host: a.String(), Path: "/"}
	return u.String()
}

// Bound returns a with the port that l has, which the system chose if a.Port is 0.
// For a socket of another process it is where that is bound.
func (a Address) Bound(l net.Listener) Address {
	if a.Given != "" {
		return addressOf(l.Addr())
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && a.isTCP() {
		a.Port = uint16(tcp.Port)
	}
	return a
}
