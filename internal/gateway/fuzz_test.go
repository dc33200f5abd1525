package gateway

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"highball/internal/wire"
)

// FuzzResponseHead: what decodeHead lets pass is read by another HTTP parser as
// the same status line and the same fields, no more and no fewer.
func FuzzResponseHead(f *testing.F) {
	addWireVectors(f)
	for _, fields := range [][]Field{
		nil, {{"Content-Length", "5"}, {"content-length", "5"}}, {{"X", "a\r\nY: b"}}, {{"X", " a\tb "}}, {{"Set-Cookie", "caf\u00e9"}},
	} {
		f.Add(headOf(wire.AppendTuple(nil, 3), "200 OK", fields...))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		d := wire.NewDecoder(payload)
		d.Tuple(3)
		hd, err := new(exchange).decodeHead(&d)
		if err != nil {
			return
		}
		var b strings.Builder
		fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", hd.status, hd.reason)
		want := http.Header{}
		for _, field := range hd.fields {
			fmt.Fprintf(&b, "%s: %s\r\n", field.Name, field.Value)
			want.Add(field.Name, strings.Trim(field.Value, " \t"))
		}
		b.WriteString("\r\n")
		got, err := http.ReadResponse(bufio.NewReader(strings.NewReader(b.String())), &http.Request{Method: "HEAD"})
		if err != nil {
			t.Fatalf("%q is not read: %v", b.String(), err)
		}
		if got.StatusCode != hd.status || len(got.Header) != len(want) {
			t.Fatalf("%q is read as %d with %q", b.String(), got.StatusCode, got.Header)
		}
		for name, values := range want {
			if fmt.Sprint(got.Header[name]) != fmt.Sprint(values) {
				t.Fatalf("%q: %s is read as %q", b.String(), name, got.Header[name])
			}
		}
		if hd.length >= 0 && got.ContentLength != hd.length {
			t.Fatalf("length %d is read as %d", hd.length, got.ContentLength)
		}
	})
}

// addWireVectors seeds with the encodings that the wire's tests share with Python's.
func addWireVectors(f *testing.F) {
	f.Helper()
	data, err := os.ReadFile("../wire/testdata/vectors.json")
	if err != nil {
		f.Fatal(err)
	}
	var vectors struct {
		Values  []struct{ Python string }
		Refused []struct{ Hex string }
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors.Values {
		seed, _ := hex.DecodeString(v.Python)
		f.Add(seed)
	}
	for _, v := range vectors.Refused {
		seed, _ := hex.DecodeString(v.Hex)
		f.Add(seed)
	}
}
