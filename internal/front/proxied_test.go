package front

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"highball/internal/origin"
)

const introduction = "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n"

// tellsAddresses answers with what it knows of the connection.
func tellsAddresses(w http.ResponseWriter, r *http.Request) {
	text := fmt.Sprint(r.RemoteAddr, " ", r.Context().Value(http.LocalAddrContextKey))
	if o := origin.Of(r.Context()); o != nil {
		text += fmt.Sprint(" ", o.Scheme, " ", o.Variables)
		if o.Unvouched {
			text += " unvouched"
		}
	}
	_, _ = io.WriteString(w, text)
}

func anybody(net.Addr) bool { return true }

// proxied runs a server on a listener whose connections are to begin with a header.
func proxied(t *testing.T, network string, o Options, trusts func(net.Addr) bool) (*Server, net.Addr, *logged) {
	t.Helper()
	l, log := listenOn(t, network), &logged{}
	o.Logger = log.logger()
	s := New(http.HandlerFunc(tellsAddresses), o)
	ended := make(chan error, 1)
	serve := s.Add(l, Listening{Proxied: trusts})
	go func() { ended <- serve() }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-ended; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return s, l.Addr(), log
}

const oneRequest = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

func ask(t *testing.T, addr net.Addr, parts ...string) string {
	t.Helper()
	c := connect(t, addr)
	for _, part := range parts {
		send(t, c, part)
	}
	answer, _ := io.ReadAll(c)
	_, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	return body
}

func TestIntroducedConnections(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			_, addr, _ := proxied(t, network, Options{}, anybody)
			peer := "127.0.0.1"
			if network == "unix" {
				peer = "unix"
			}
			want := "192.0.2.1:50000 198.51.100.2:443  [{highball.peer_addr " + peer + "}]"
			for name, parts := range map[string][]string{
				"with the request":   {introduction + oneRequest},
				"before it":          {introduction, oneRequest},
				"in pieces":          {introduction[:9], introduction[9:30], introduction[30:] + oneRequest[:20], oneRequest[20:]},
				"with a long target": {introduction + strings.Replace(oneRequest, "/", "/"+strings.Repeat("a", 3000), 1)},
			} {
				if got := ask(t, addr, parts...); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			for _, header := range []string{"PROXY UNKNOWN\r\n", "PROXY UNKNOWN 192.0.2.1 192.0.2.1 1 2\r\n", "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00", "\r\n\r\n\x00\r\nQUIT\n\x21\x00\x00\x00"} {
				own := ask(t, addr, header, oneRequest)
				if !strings.Contains(own, peer) && network == "tcp" || strings.Contains(own, "192.0.2.1") || !strings.HasSuffix(own, " unvouched") {
					t.Errorf("%q: %q", header, own)
				}
			}
		})
	}
}

func TestIntroducedTLS(t *testing.T) {
	_, addr, _ := proxied(t, "tcp", Options{}, anybody)
	header := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x19\xc0\x00\x02\x01\xc6\x33\x64\x02\xc3\x50\x01\xbb" +
		"\x20\x00\x05\x01\x00\x00\x00\x01\x02\x00\x02a."
	want := "192.0.2.1:50000 198.51.100.2:443 https [{highball.peer_addr 127.0.0.1} {highball.proxy.authority a.}]"
	if got := ask(t, addr, header, oneRequest); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The header is the connection's: HTTP/2 has it as well.
func TestIntroducedHTTP2(t *testing.T) {
	_, addr, _ := proxied(t, "tcp", Options{}, anybody)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, DialContext: func(context.Context, string, string) (net.Conn, error) {
		c := connect(t, addr)
		send(t, c, introduction)
		return c, nil
	}}
	defer transport.CloseIdleConnections()
	r, err := (&http.Client{Transport: transport}).Get("http://a/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got, _ := io.ReadAll(r.Body); !strings.HasPrefix(string(got), "192.0.2.1:50000 198.51.100.2:443") {
		t.Errorf("got %q", got)
	}
}

func TestNotIntroduced(t *testing.T) {
	nobody := func(net.Addr) bool { return false }
	for name, tt := range map[string]struct {
		send   string
		trusts func(net.Addr) bool
		want   string
	}{
		"by nobody":         {oneRequest, anybody, "does not begin with a header"},
		"by garbage":        {"PROXY TCP4 192.0.2.1\r\n" + oneRequest, anybody, "two addresses"},
		"by a stranger":     {introduction + oneRequest, nobody, "not among trusted-proxies"},
		"stranger, nothing": {"", nobody, "not among trusted-proxies"},
		"too late":          {introduction[:10], anybody, "has not come within 50ms"},
	} {
		t.Run(name, func(t *testing.T) {
			s, addr, log := proxied(t, "tcp", Options{HeaderTimeout: 50 * time.Millisecond}, tt.trusts)
			if got := ask(t, addr, tt.send); got != "" {
				t.Errorf("it was served: %q", got)
			}
			eventually(t, "the log says why", func() bool { return strings.Contains(log.text(), tt.want) })
			if text := log.text(); !strings.Contains(text, "a connection was refused") || strings.Contains(text, "status") {
				t.Errorf("the log says %s", text)
			}
			eventually(t, "it is forgotten", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.conns) == 0 })
		})
	}
}

// Who only looks whether the port is open is no line in the log.
func TestNothingIsNoRefusal(t *testing.T) {
	s, addr, log := proxied(t, "tcp", Options{}, anybody)
	_ = connect(t, addr).Close()
	_ = ask(t, addr, "x")
	eventually(t, "the other one was refused", func() bool { return strings.Contains(log.text(), "refused") })
	eventually(t, "both are gone", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.conns) == 0 })
	if n := len(s.refusals.all()); n != 1 || s.refusals.all()["PROXY protocol 2"] != 1 {
		t.Errorf("refusals: %v", s.refusals.all())
	}
}

// Connections are counted by the client that the header names, not by the proxy.
func TestIntroducedAreCountedByClient(t *testing.T) {
	_, addr, log := proxied(t, "tcp", Options{MaxConnectionsPerAddress: 1}, anybody)
	first := connect(t, addr)
	send(t, first, introduction+request)
	if body, _ := receive(t, bufio.NewReader(first)); !strings.HasPrefix(body, "192.0.2.1") {
		t.Errorf("the first: %q", body)
	}
	if got := ask(t, addr, introduction, oneRequest); got != "" {
		t.Errorf("a second one is served: %q", got)
	}
	eventually(t, "the log names the client", func() bool { return strings.Contains(log.text(), "client=192.0.2.1:50000") })
	other := strings.Replace(introduction, "192.0.2.1", "192.0.2.9", 1)
	if got := ask(t, addr, other+oneRequest); !strings.HasPrefix(got, "192.0.2.9:50000") {
		t.Errorf("another client: %q", got)
	}
	_ = first.Close()
	eventually(t, "the first has left", func() bool { return ask(t, addr, introduction+oneRequest) != "" })
}

// A drain waits neither for a header that does not come nor cuts one that has.
func TestDrainOfIntroduced(t *testing.T) {
	s, addr, _ := proxied(t, "tcp", Options{}, anybody)
	s.linger = 50 * time.Millisecond
	silent, known := connect(t, addr), connect(t, addr)
	send(t, known, introduction)
	eventually(t, "both are there", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.conns) == 2 })
	done := draining(t, s)
	if err := wait(t, "Shutdown", done); err != nil {
		t.Error(err)
	}
	for _, c := range []net.Conn{silent, known} {
		if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
			t.Errorf("got %q, %v", rest, err)
		}
	}
}

// A client on a Unix socket chooses its own address, and could choose one of TCP.
func TestAddressesOfUnixPeersAreNotBelieved(t *testing.T) {
	l := listenOn(t, "unix")
	servingOn(t, l, tellsAddresses)
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chdir(dir) }()
	c, err := net.DialUnix("unix", &net.UnixAddr{Name: "192.0.2.1:80", Net: "unix"}, l.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	send(t, c, oneRequest)
	answer, _ := io.ReadAll(c)
	_, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	remote, _, _ := strings.Cut(body, " ")
	if _, err := netip.ParseAddrPort(remote); err == nil {
		t.Errorf("the client is %q", remote)
	}
}
