package proxyproto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// binaryHeader is a header of version 2 by its parts.
func binaryHeader(command, family byte, rest ...string) string {
	body := strings.Join(rest, "")
	head := append([]byte(signature2), command, family)
	return string(binary.BigEndian.AppendUint16(head, uint16(len(body)))) + body
}

func tlv(kind byte, value string) string {
	return string(binary.BigEndian.AppendUint16([]byte{kind}, uint16(len(value)))) + value
}

// summed puts the right checksum into a header whose last four bytes are to be it.
func summed(header string) string {
	b := []byte(header)
	binary.BigEndian.PutUint32(b[len(b)-4:], checksum(b, len(b)-4))
	return string(b)
}

const (
	four = "\xc0\x00\x02\x01\xc6\x33\x64\x02\x1f\x90\x01\xbb" // 192.0.2.1:8080 to 198.51.100.2:443
	six  = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x1f\x90\x01\xbb"
)

var (
	tlsTLV = "\x07\x00\x00\x00\x00" + tlv(tlsVersion, "TLSv1.3") + tlv(tlsCommonName, "caf\xe9") + tlv(tlsCipher, "TLS_AES_128_GCM_SHA256")
	unix   = strings.Repeat("/run/a:1\x00", 24)
)

func good() map[string]string {
	return map[string]string{
		"PROXY TCP4 192.0.2.1 198.51.100.2 8080 443\r\n":                                                 "192.0.2.1:8080 198.51.100.2:443",
		"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n":                                                 "0.0.0.0:0 255.255.255.255:65535",
		"PROXY TCP6 2001:db8::1 2001:DB8::2 8080 443\r\n":                                                "[2001:db8::1]:8080 [2001:db8::2]:443",
		"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n":                                                        "192.0.2.1:1 [::1]:2",
		"PROXY UNKNOWN\r\n":                                                                              "local",
		"PROXY UNKNOWN ffff:f::1 what 65535 ever\r\n":                                                    "local",
		"PROXY UNKNOWN" + strings.Repeat(" ", 92) + "\r\n":                                               "local", // 107 bytes
		binaryHeader(commandProxy, 0x11, four):                                                           "192.0.2.1:8080 198.51.100.2:443",
		binaryHeader(commandProxy, 0x12, four):                                                           "192.0.2.1:8080 198.51.100.2:443",
		binaryHeader(commandProxy, 0x21, six):                                                            "[2001:db8::1]:8080 [2001:db8::2]:443",
		binaryHeader(commandProxy, 0x22, six):                                                            "[2001:db8::1]:8080 [2001:db8::2]:443",
		binaryHeader(commandProxy, 0x31, unix):                                                           "invalid AddrPort invalid AddrPort",
		binaryHeader(commandProxy, 0x00):                                                                 "local",
		binaryHeader(commandProxy, 0x00, tlv(2, "a.test")):                                               "local 02:a.test",
		binaryHeader(commandLocal, 0x00):                                                                 "local",
		binaryHeader(commandLocal, 0x11):                                                                 "local",
		binaryHeader(commandLocal, 0x11, four, "\x01\xff\xff"):                                           "local", // all of it is ignored
		binaryHeader(commandProxy, 0x11, four, tlv(typeALPN, "h2"), tlv(typeNoop, "xxx"), tlv(0xEE, "")): "192.0.2.1:8080 198.51.100.2:443 01:h2 ee:",
		summed(binaryHeader(commandProxy, 0x11, four, tlv(typeALPN, "h2"), tlv(typeChecksum, "\x00\x00\x00\x00"))): "192.0.2.1:8080 198.51.100.2:443 01:h2",
		binaryHeader(commandProxy, 0x11, four, tlv(0xEE, strings.Repeat("x", 65000))):                              "192.0.2.1:8080 198.51.100.2:443 ee:" + strings.Repeat("x", 65000),
	}
}

func shown(h *Header) string {
	s := "local"
	if !h.Local {
		s = h.Source.String() + " " + h.Destination.String()
	}
	for _, t := range h.TLVs {
		s += fmt.Sprintf(" %02x:%s", t.Type, t.Value)
	}
	return s
}

// However a header is cut, it says the same, and what follows it is whole.
func TestRead(t *testing.T) {
	const rest = "GET / HTTP/1.1\r\n"
	for in, want := range good() {
		for name, r := range map[string]io.Reader{
			"at once":    strings.NewReader(in + rest),
			"by bytes":   iotest.OneByteReader(strings.NewReader(in + rest)),
			"in halves":  iotest.HalfReader(strings.NewReader(in + rest)),
			"with error": iotest.DataErrReader(strings.NewReader(in + rest)),
		} {
			h, ahead, err := Read(r)
			if err != nil {
				t.Errorf("%.60q %s: %v", in, name, err)
				continue
			}
			more, _ := io.ReadAll(r)
			if got := shown(h); got != want || string(ahead)+string(more) != rest {
				t.Errorf("%.60q %s: got %.80s and %q, want %.80s", in, name, got, string(ahead)+string(more), want)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	proxy := func(rest ...string) string { return binaryHeader(commandProxy, 0x11, rest...) }
	for in, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n":                             "does not begin",
		"\x16\x03\x01\x02\x00\x01":                                      "does not begin",
		"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n":                        "does not begin",
		"PROXY\tTCP4 192.0.2.1 192.0.2.2 1 2\r\n":                       "does not begin",
		" PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n":                       "does not begin",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n":                          "CRLF",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2":                            "ended within",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r":                          "ended within",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n":                       "one space",
		"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n":                       "one space",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n":                          "one space",
		"PROXY TCP4\r\n":                                                "one space",
		"PROXY \r\n":                                                    "none of TCP4",
		"PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n":                        "none of TCP4",
		"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n":                        "none of TCP4",
		"PROXY UNKNOWN\rx\r\n":                                          "none of TCP4",
		"PROXY UNKNOWN \rx\r\n":                                         "CR within",
		"PROXY UNKNOWNS\r\n":                                            "none of TCP4",
		"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n":                    "no address",
		"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n":                        "no address",
		"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n":                           "no address",
		"PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n":                       "no address",
		"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n":                      "no address",
		"PROXY TCP4 192.0.2.1 192.0.2 1 2\r\n":                          "no address",
		"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n":                       "no port",
		"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n":                    "no port",
		"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n":                       "no port",
		"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n":                       "no port",
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n":                      "no port",
		"PROXY UNKNOWN" + strings.Repeat(" ", 93) + "\r\n":              "longer than 107",
		"PROXY UNKNOWN" + strings.Repeat(" ", 900):                      "longer than 107",
		signature2[:11] + "\x0b":                                        "does not begin",
		signature2:                                                      "ended within",
		binaryHeader(0x11, 0x11, four):                                  "version and command",
		binaryHeader(0x22, 0x11, four):                                  "version and command",
		binaryHeader(commandProxy, 0x10, four):                          "none",
		binaryHeader(commandProxy, 0x13, four):                          "none",
		binaryHeader(commandProxy, 0x01, four):                          "none",
		binaryHeader(commandProxy, 0x41, six):                           "none",
		binaryHeader(commandLocal, 0xFF):                                "none",
		binaryHeader(commandProxy, 0x21, four):                          "addresses need",
		proxy(four[:11]):                                                "addresses need",
		proxy(four)[:20]:                                                "ended within",
		proxy(four, "\x01"):                                             "longer than the header",
		proxy(four, "\x01\x00\x03h2"):                                   "longer than the header",
		proxy(four, tlv(typeChecksum, "\x00\x00\x00\x00")):              "checksum is wrong",
		proxy(four, tlv(typeChecksum, "\x00\x00\x00")):                  "four bytes",
		summed(proxy(four, tlv(typeChecksum, "\x00\x00\x00\x00"))) + "": "",
		proxy(four, tlv(typeTLS, "\x01\x00\x00\x00")):                   "not whole",
		proxy(four, tlv(typeTLS, "\x01\x00\x00\x00\x00\x21\x00\x09T")):  "not whole",
	} {
		h, _, err := Read(strings.NewReader(in))
		var wrong *Error
		switch {
		case want == "":
			if err != nil {
				t.Errorf("%.60q: %v", in, err)
			}
		case !errors.As(err, &wrong) || !strings.Contains(err.Error(), want):
			t.Errorf("%.60q: got %v, %v; want an error that says %q", in, h, err, want)
		}
	}
	twice := proxy(four, tlv(typeChecksum, "\x00\x00\x00\x00"), tlv(typeChecksum, "\x00\x00\x00\x00"))
	if _, _, err := Read(strings.NewReader(summed(twice))); err == nil {
		t.Error("two checksums are accepted")
	}
	if _, _, err := Read(strings.NewReader("")); err != ErrNothing {
		t.Errorf("nothing: %v", err)
	}
	broken := errors.New("broken")
	if _, _, err := Read(iotest.ErrReader(broken)); err != broken {
		t.Errorf("a connection that breaks: %v", err)
	}
}

// A header of any byte that differs from the one that was summed is refused.
func TestChecksumHoldsTheWhole(t *testing.T) {
	header := summed(binaryHeader(commandProxy, 0x11, four, tlv(typeUniqueID, "id"), tlv(typeChecksum, "\x00\x00\x00\x00")))
	for i := range header {
		b := []byte(header)
		b[i] ^= 0x01
		h, _, err := Read(bytes.NewReader(b))
		isLocal := i == 12 && h != nil && h.Local // the rest is ignored
		isUnsummed := i == len(header)-7          // where it said that it is the checksum
		if err == nil && !isLocal && !isUnsummed {
			t.Errorf("byte %d changed: %+v", i, h)
		}
	}
}

func TestVariables(t *testing.T) {
	h, _, err := Read(strings.NewReader(binaryHeader(commandProxy, 0x11, four,
		tlv(typeALPN, "h2"), tlv(typeAuthority, "a.test"), tlv(typeAuthority, "other.test"), tlv(typeUniqueID, "\x00\xff"),
		tlv(typeTLS, tlsTLV), tlv(typeNamespace, "blue"), tlv(0xEA, "\x01vpce-1"), tlv(0xE0, ""))))
	if err != nil {
		t.Fatal(err)
	}
	want := []Variable{
		{"highball.proxy.alpn", "h2"}, {"highball.proxy.authority", "a.test"}, {"highball.proxy.unique_id", "00ff"},
		{"highball.proxy.ssl_verify", "0"}, {"highball.proxy.ssl_version", "TLSv1.3"}, {"highball.proxy.ssl_cn", "caf\xe9"},
		{"highball.proxy.ssl_cipher", "TLS_AES_128_GCM_SHA256"}, {"highball.proxy.netns", "blue"},
		{"highball.proxy.tlv_ea", "01767063652d31"}, {"highball.proxy.tlv_e0", ""},
	}
	if got := h.Variables(); !reflect.DeepEqual(got, want) || !h.TLS() {
		t.Errorf("got %v, TLS %v", got, h.TLS())
	}
}

// A client chooses its server name and its certificate's: neither breaks a line, and no
// TLS means that nothing is said of it.
func TestVariablesLeftOut(t *testing.T) {
	h, _, err := Read(strings.NewReader(binaryHeader(commandProxy, 0x11, four, tlv(typeAuthority, "a\nb"),
		tlv(typeTLS, "\x00\x00\x00\x00\x01"+tlv(tlsCommonName, "root")))))
	if got := h.Variables(); err != nil || len(got) != 0 || h.TLS() {
		t.Errorf("got %v, %v, TLS %v", got, err, h.TLS())
	}
}

func FuzzRead(f *testing.F) {
	for in := range good() {
		if len(in) < 1000 {
			f.Add([]byte(in))
		}
	}
	f.Add([]byte(binaryHeader(commandProxy, 0x11, four, tlv(typeTLS, tlsTLV))))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, rest, err := Read(bytes.NewReader(in))
		if err != nil {
			if h != nil || rest != nil {
				t.Fatalf("both %v and %v", h, err)
			}
			return
		}
		slow, _, err := Read(iotest.OneByteReader(bytes.NewReader(in)))
		if err != nil || !reflect.DeepEqual(slow, h) {
			t.Fatalf("by bytes: %+v, %v; at once %+v", slow, err, h)
		}
		if h.Local && (h.Source.IsValid() || h.Destination.IsValid()) || h.Source.IsValid() != h.Destination.IsValid() {
			t.Fatalf("addresses: %+v", h)
		}
		for _, v := range h.Variables() {
			if strings.ContainsAny(v.Name+v.Value, "\r\n\x00") {
				t.Fatalf("%q", v)
			}
		}
		if h.Version == 1 && h.Source.IsValid() { // what was read can be written, and is the same
			family := "TCP6"
			if h.Source.Addr().Is4() && bytes.HasPrefix(in, []byte("PROXY TCP4")) {
				family = "TCP4"
			}
			text := func(a netip.Addr) string {
				if family == "TCP6" {
					return netip.AddrFrom16(a.As16()).String()
				}
				return a.String()
			}
			again := fmt.Sprintf("PROXY %s %s %s %d %d\r\n", family, text(h.Source.Addr()), text(h.Destination.Addr()), h.Source.Port(), h.Destination.Port())
			if h2, _, err := Read(strings.NewReader(again)); err != nil || !reflect.DeepEqual(h2, h) {
				t.Fatalf("%q: %+v, %v; want %+v", again, h2, err, h)
			}
		}
	})
}
