package front

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Who is counted, and as whom.
func TestAddresses(t *testing.T) {
	standard := newAddresses(Options{MaxConnections: 100})
	explicit := newAddresses(Options{MaxConnections: 100, MaxConnectionsPerAddress: 7})
	if standard.most != 25 || explicit.most != 7 {
		t.Errorf("limits are %d and %d", standard.most, explicit.most)
	}
	for address, want := range map[string]string{ // as whom, and "!" before it: only if it is asked for
		"192.0.2.7":            "192.0.2.7",
		"::ffff:192.0.2.7":     "192.0.2.7",
		"2001:db8:1:2:3::4":    "2001:db8:1:2::",
		"2001:db8:1:2:ffff::1": "2001:db8:1:2::",
		"100.128.0.1":          "100.128.0.1",
		"127.0.0.1":            "!127.0.0.1",
		"::1":                  "!::",
		"10.1.2.3":             "!10.1.2.3",
		"172.31.0.1":           "!172.31.0.1",
		"192.168.1.1":          "!192.168.1.1",
		"169.254.1.1":          "!169.254.1.1",
		"fe80::1%eth0":         "!fe80::",
		"fd00:1:2:3:4::5":      "!fd00:1:2:3::",
		"::ffff:127.0.0.1":     "!127.0.0.1",
		"100.64.0.1":           "!100.64.0.1",
	} {
		remote := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 40000))
		want, private := strings.CutPrefix(want, "!")
		if got := explicit.of(remote); got.String() != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
		if got := standard.of(remote); got.IsValid() == private || !private && got.String() != want {
			t.Errorf("%s counts as %s by default", address, got)
		}
	}
	if explicit.of(&net.UnixAddr{Name: "@", Net: "unix"}).IsValid() {
		t.Error("a Unix socket is counted")
	}
	for _, none := range []Options{{MaxConnections: 100, MaxConnectionsPerAddress: -1}, {MaxConnections: -1}} {
		none := newAddresses(none)
		if none.of(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 7)}).IsValid() {
			t.Error("counted without a limit")
		}
	}
}

// One that has as many as it may gets no more until one ends; others do.
func TestLimitOfAnAddress(t *testing.T) {
	var lines logged
	s, addr := bounded(t, "tcp", Options{MaxConnectionsPerAddress: 2, Logger: lines.logger()}, time.Hour, answers)
	dial := func(local string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}, Timeout: patience}
		return d.Dial("tcp", addr.String())
	}
	from := func(local string) net.Conn {
		c, err := dial(local)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(patience))
		return c
	}
	first := from("127.0.0.2")
	for _, c := range []net.Conn{first, from("127.0.0.2"), from("127.0.0.3")} {
		send(t, c, request)
		wantAnswer(t, "within the limit", c, false)
	}
	for range 3 {
		c, err := dial("127.0.0.2")
		if err != nil { // reset already
			continue
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		wantNothing(t, "one too many", c)
		_ = c.Close()
	}
	_ = first.Close()
	eventually(t, "it has ended", isOpen(s, 2))
	again := from("127.0.0.2")
	send(t, again, request)
	wantAnswer(t, "after one has ended", again, false)
	if got := s.Stats(); got.RefusedPerAddress != 3 || got.Accepted != 7 {
		t.Errorf("%+v", got)
	}
	if n := strings.Count(lines.text(), "raise max-connections-per-address"); n != 1 || !strings.Contains(lines.text(), "client=127.0.0.2:") {
		t.Errorf("told %d times:\n%s", n, lines.text())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.admission.perAddress.open[netip.MustParseAddr("127.0.0.2")]; n != 2 {
		t.Errorf("%d are counted", n)
	}
}
