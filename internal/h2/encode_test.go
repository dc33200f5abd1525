package h2

import (
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
)

// What is written is what a decoder reads, at each edge of the forms of an integer.
func TestEncoding(t *testing.T) {
	decoder := hpack.NewDecoder(4096, nil)
	for _, status := range []int{200, 204, 206, 304, 400, 404, 500, 103, 201, 599} {
		for _, n := range []int{0, 1, 63, 64, 65, 126, 127, 128, 254, 255, 256, 16511, 16512, 1 << 20} {
			name, value := "X-"+strings.Repeat("n", n%300), strings.Repeat("v", n)
			b := appendField(appendField(appendStatus(nil, status), name, value), "Content-Type", value)
			fields, err := decoder.DecodeFull(b)
			if err != nil || len(fields) != 3 {
				t.Fatalf("%d, %d: %d fields, %v", status, n, len(fields), err)
			}
			got := fields[0].Value + fields[1].Name + fields[2].Name
			if want := string([]byte{byte('0' + status/100), byte('0' + status/10%10), byte('0' + status%10)}) +
				strings.ToLower(name) + "content-type"; got != want || fields[1].Value != value || fields[2].Value != value {
				t.Errorf("%d, %d: %s, want %s", status, n, got, want)
			}
		}
	}
}

// The static table's names are where appendix A has them.
func TestStaticNames(t *testing.T) {
	decoder := hpack.NewDecoder(0, nil)
	for name, i := range staticNames {
		fields, err := decoder.DecodeFull(append(appendInt(nil, 0, 4, int(i)), 0))
		if err != nil || fields[0].Name != name {
			t.Errorf("%s: %v, %v", name, fields, err)
		}
	}
	for status, i := range staticStatuses {
		fields, err := decoder.DecodeFull([]byte{0x80 | i})
		if err != nil || fields[0] != (hpack.HeaderField{Name: ":status", Value: fields[0].Value}) || len(fields[0].Value) != 3 {
			t.Errorf("%d: %v, %v", status, fields, err)
		}
	}
}

// Nothing that a handler says makes a second field of one, or one of the connection's.
func TestFieldsThatMustNotLeave(t *testing.T) {
	var b []byte
	for _, name := range []string{"", "a b", "a\r\nb", ":status", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "ü"} {
		if b = appendField(b, name, "x"); len(b) > 0 {
			t.Errorf("%q leaves", name)
		}
	}
}

// RFC 9113 8.2.1: clients reset a stream for a value with whitespace around it.
func TestValuesAreMadeFit(t *testing.T) {
	for value, want := range map[string]string{" a b\t": "a b", "a\r\nb: c": "a  b: c", "\x00a\x00": "a", "\t": "", "\xfc": "\xfc"} {
		fields, err := hpack.NewDecoder(4096, nil).DecodeFull(appendField(nil, "x", value))
		if err != nil || len(fields) != 1 || fields[0].Value != want {
			t.Errorf("%q: %v, %v, want %q", value, fields, err, want)
		}
	}
}
