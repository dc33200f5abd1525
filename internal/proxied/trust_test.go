package proxied

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func trusting(t *testing.T, entries ...string) *Trust {
	t.Helper()
	trust, err := NewTrust(entries, "")
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func tcp(address string) net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 5))
}

func TestTrust(t *testing.T) {
	for name, tt := range map[string]struct {
		entries  []string
		yes, not string // addresses
		unix     bool
	}{
		"nobody":    {nil, "", "127.0.0.1 ::1 10.0.0.1", false},
		"one":       {[]string{"192.0.2.1"}, "192.0.2.1 ::ffff:192.0.2.1", "192.0.2.2 192.0.2.0 ::192.0.2.1 ::1", false},
		"mapped":    {[]string{"::ffff:192.0.2.1"}, "192.0.2.1 ::ffff:192.0.2.1", "192.0.2.2", false},
		"networks":  {[]string{"10.0.0.0/8", "192.0.2.128/25", "2001:db8::/32"}, "10.0.0.0 10.255.255.255 192.0.2.128 192.0.2.255 2001:db8:ffff::1", "9.255.255.255 11.0.0.0 192.0.2.127 192.0.3.0 2001:db9::", false},
		"overlap":   {[]string{"10.0.0.0/8", "10.1.0.0/16", "10.255.255.255", "11.0.0.0/8"}, "10.0.0.1 10.1.2.3 10.200.0.0 11.1.1.1", "12.0.0.0", false},
		"host bits": {[]string{"10.1.2.3/8"}, "10.9.9.9", "11.0.0.1", false},
		"mapped/":   {[]string{"::ffff:10.0.0.0/104"}, "10.9.9.9 ::ffff:10.1.1.1", "11.0.0.1", false},
		"zones":     {[]string{"fe80::1%eth0", "fe80::2"}, "fe80::1%eth0 fe80::2%eth0 fe80::2", "fe80::1%eth1 fe80::1", false},
		"unix":      {[]string{"unix"}, "", "127.0.0.1", true},
		"all":       {[]string{"*"}, "192.0.2.1 2001:db8::1", "", true},
		"all of v4": {[]string{"0.0.0.0/0"}, "192.0.2.1 0.0.0.0 255.255.255.255", "::1 2001:db8::1", false},
		"all of v6": {[]string{"::/0"}, "::1", "192.0.2.1", false},
		"spaces":    {[]string{" 192.0.2.1 "}, "192.0.2.1", "", false},
	} {
		trust := trusting(t, tt.entries...)
		for _, a := range strings.Fields(tt.yes) {
			if !trust.Trusts(tcp(a)) {
				t.Errorf("%s: %s is not trusted", name, a)
			}
		}
		for _, a := range strings.Fields(tt.not) {
			if trust.Trusts(tcp(a)) {
				t.Errorf("%s: %s is trusted", name, a)
			}
		}
		if got := trust.Trusts(&net.UnixAddr{Name: "@"}); got != tt.unix {
			t.Errorf("%s: unix: %v", name, got)
		}
		if got, want := len(trust.Wide()) > 0, strings.HasPrefix(name, "all"); got != want {
			t.Errorf("%s: wide: %v", name, trust.Wide())
		}
		if trust.Trusts(nil) || trust.Trusts(&net.IPAddr{}) {
			t.Errorf("%s: no address is trusted", name)
		}
	}
}

func TestTrustErrors(t *testing.T) {
	for entry, want := range map[string]string{
		"":              "is no address",
		"localhost":     "192.0.2.1",
		"10.0.0.0/33":   "no address and no network",
		"10.0.0":        "no address and no network",
		"10.0.0.1:80":   "no address and no network",
		"[::1]":         "no address and no network",
		"@":             "names no file",
		"@/nonexistent": "no such file",
		"@there":        "no such file",
	} {
		if _, err := NewTrust([]string{entry}, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "trusted-proxies: ") {
			t.Errorf("%q: %v; want it to say %q", entry, err, want)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A list may be fetched by night and be read in a reload; one that is broken changes nothing.
func TestTrustOfAFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ips.txt")
	write(t, path, "# of a CDN\r\n192.0.2.0/24\r\n\n  2001:db8::/32 # both\n")
	for _, entry := range []string{"@ips.txt", "@" + path} {
		trust, err := NewTrust([]string{entry, "10.0.0.1"}, dir)
		if err != nil || !trust.Trusts(tcp("192.0.2.9")) || !trust.Trusts(tcp("2001:db8::1")) || !trust.Trusts(tcp("10.0.0.1")) || trust.Trusts(tcp("198.51.100.1")) {
			t.Fatalf("%s: %v", entry, err)
		}
	}
	trust, err := NewTrust([]string{"@ips.txt"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"198.51.100.0/24\n198.51.100.0/240\n": path + `, line 2: "198.51.100.0/240" is no address and no network`,
		"198.51.100.0/24\nunix\n":             "line 2",
		"198.51.100.0/24\n*\n":                "line 2",
		"198.51.100.0/24\n@ips.txt\n":         "line 2",
		"198.51.100.0/24 198.51.101.0/24\n":   "line 1",
		"<html>\n":                            "line 1",
		"":                                    "no network in it",
		"# nothing\n":                         "no network in it",
		"198.51.100.0/24\n" + strings.Repeat("x", 70000): "line 2",
	} {
		write(t, path, text)
		if err := trust.Reload(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v; want it to say %q", text, err, want)
		}
		if !trust.Trusts(tcp("192.0.2.9")) || trust.Trusts(tcp("198.51.100.1")) {
			t.Errorf("%.40q: it is not as it was", text)
		}
	}
	write(t, path, "198.51.100.0/24\n")
	if err := trust.Reload(); err != nil || trust.Trusts(tcp("192.0.2.9")) || !trust.Trusts(tcp("198.51.100.1")) {
		t.Errorf("%v", err)
	}
}

func TestParseFields(t *testing.T) {
	fields, err := ParseFields([]string{" NGINX ", "X-Forwarded-Prefix"})
	if want := (Fields{ForwardedFor: true, ForwardedProto: true, RealIP: true, ForwardedPrefix: true}); err != nil || fields != want {
		t.Errorf("got %v, %v", fields, err)
	}
	for _, name := range []string{"", "x-forwarded-user", "traefik"} {
		if _, err := ParseFields([]string{name}); err == nil || !strings.Contains(err.Error(), "want x-forwarded") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
