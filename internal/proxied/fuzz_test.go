package proxied

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// addressesIn are all that read as addresses in a text, whatever they stand between.
func addressesIn(text string) map[netip.Addr]bool {
	found := map[netip.Addr]bool{}
	for _, separators := range []string{", \t", ", \t[]", ", \t[]\"=;"} {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
			for _, part := range []string{word, strings.TrimRight(strings.TrimRight(word, "0123456789"), ":"), strings.Trim(word, "[]:")} {
				if a, err := netip.ParseAddr(part); err == nil {
					found[a.WithZone("").Unmap()] = true
				}
			}
			if host, _, ok := strings.Cut(word, ":"); ok {
				if a, err := netip.ParseAddr(host); err == nil {
					found[a.Unmap()] = true
				}
			}
		}
	}
	return found
}

func fuzzed(t *testing.T, names ...string) *Handler {
	t.Helper()
	fields, err := ParseFields(names)
	if err != nil {
		t.Fatal(err)
	}
	return New(http.NotFoundHandler(), Options{Trust: trusting(t, "10.0.0.0/8"), Fields: fields})
}

// Whatever stands before what a trusted proxy has added, the client is the one that it
// names; and who is believed to be the client has been named.
func FuzzForwardedFor(f *testing.F) {
	for _, seed := range []string{"", "unknown", "192.0.2.1", "[2001:db8::1]:80", "x,,\t", "10.0.0.2", "198.51.100.66:1, 10.0.0.3"} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, sent string, apart bool) {
		h := fuzzed(t, "x-forwarded")
		if b, err := h.believe(http.Header{"X-Forwarded-For": {sent}}); err == nil && b.client.address.IsValid() {
			if !addressesIn(sent)[b.client.address] {
				t.Fatalf("%q: %s is nowhere in it", sent, b.client.address)
			}
			text := b.client.String()
			if again, ok := parseNode(text); !ok || again != b.client {
				t.Fatalf("%q: %q reads as %v, %v", sent, text, again, ok)
			}
		}
		field := http.Header{"X-Forwarded-For": {sent + ", 192.0.2.1"}}
		if apart {
			field = http.Header{"X-Forwarded-For": {sent, "192.0.2.1, 10.0.0.2"}}
		}
		b, err := h.believe(field)
		if err != nil || b.client.String() != "192.0.2.1" {
			t.Fatalf("%q: the client is %v, %v", sent, b.client, err)
		}
	})
}

func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{
		"", "for=192.0.2.1", `for="[2001:db8::1]:80";proto=https;by=_x`, `for=1.2.3.4;x="`, `a="\"`, "for=unknown,", `host="a.test:1";for=_h`, `x="a,b`,
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, sent string, quoted bool) {
		h := fuzzed(t, "forwarded")
		elements, err := parseForwarded(sent)
		for _, e := range elements {
			again, err := parseForwarded(e.text)
			if err != nil || len(again) != 1 || again[0] != e {
				t.Fatalf("%q: %q reads as %v, %v", sent, e.text, again, err)
			}
		}
		if b, believeErr := h.believe(http.Header{"Forwarded": {sent}}); believeErr == nil && err == nil && len(elements) > 0 {
			if last := elements[len(elements)-1]; b.element != last.text && !addressesIn(last.from)[b.client.address] && !strings.Contains(last.from, "10.") {
				t.Fatalf("%q: %q is believed beyond %q", sent, b.element, last.text)
			}
		}
		own, client := "for=192.0.2.1;proto=https", "192.0.2.1"
		if quoted {
			own, client = `proto=https;for="[2001:db8::7]"`, "2001:db8::7"
		}
		b, err := h.believe(http.Header{"Forwarded": {sent + ", " + own}})
		if err == nil && (b.client.String() != client || b.scheme != "https" || b.element != own) {
			t.Fatalf("%q: the client is %v, the scheme %q, of %q", sent, b.client, b.scheme, b.element)
		}
		b, err = h.believe(http.Header{"Forwarded": {sent, own}})
		if err != nil || b.client.String() != client {
			t.Fatalf("%q apart: the client is %v, %v", sent, b.client, err)
		}
	})
}

// Nothing that could be taken for something else leaves the decoders of single values.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{"https", "a.test:80", "443", "/a%20b", "//", "on", "/%2e", "[::1]:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		h := fuzzed(t, "x-forwarded")
		for _, name := range []string{"Proto", "Host", "Port", "Prefix"} {
			b, err := h.believe(http.Header{"X-Forwarded-" + name: {value}})
			if err != nil {
				continue
			}
			switch {
			case b.said || b.scheme != "" && b.scheme != "http" && b.scheme != "https":
				t.Fatalf("%s %q: %+v", name, value, b)
			case strings.ContainsAny(b.host+b.port+b.prefix, "\r\n\x00\\") || strings.ContainsAny(b.host+b.port, " /@?#,"):
				t.Fatalf("%s %q: %+v", name, value, b)
			case strings.Contains(b.prefix, "//") || b.prefix != "" && b.prefix[0] != '/':
				t.Fatalf("%s %q: %+v", name, value, b)
			}
		}
	})
}
