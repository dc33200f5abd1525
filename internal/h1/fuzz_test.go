package h1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What this reader accepts net/http accepts as well, and both see the same, but for
// what target.go deviates in and net/http does.
func FuzzAgainstNetHTTP(f *testing.F) {
	f.Add([]byte(pipelined))
	f.Add([]byte("POST /%41?%zz HTTP/1.1\r\nHost: a\r\nContent-Length: 0004\r\nA:\xe9\r\n\r\nbody"))
	f.Add([]byte("GET /| HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na;b\r\n0123456789\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sent := bytes.NewReader(data)
		r := NewReader(sent, Limits{})
		h, err := r.ReadHead()
		if err != nil {
			var refusal *Refusal
			if !errors.As(err, &refusal) && err != io.EOF && err != io.ErrUnexpectedEOF {
				t.Fatalf("%v", err)
			}
			return
		}
		body, bodyErr := io.ReadAll(r.Body(h))
		in := bufio.NewReader(bytes.NewReader(bytes.TrimLeft(data, "\r\n")))
		theirs, err := http.ReadRequest(in)
		if err != nil {
			if h.Minor > 1 || strings.HasPrefix(h.Target, "//") || !all(h.Target, asciiTarget) || h.Target == "*" {
				return // stricter, or of another opinion
			}
			t.Fatalf("accepted here, and refused by net/http: %v\n%q", err, data)
		}
		compare(t, h, theirs)
		theirBody, theirErr := io.ReadAll(theirs.Body)
		if bodyErr != nil || theirErr != nil && slices.ContainsFunc(stricterThere, func(s string) bool { return strings.Contains(theirErr.Error(), s) }) {
			return
		}
		if theirErr != nil || !bytes.Equal(body, theirBody) {
			t.Fatalf("the body is %q here, and there %q, %v\n%q", body, theirBody, theirErr, data)
		}
		ourRest, _ := io.ReadAll(io.MultiReader(bytes.NewReader(r.Buffered()), sent))
		theirRest, _ := io.ReadAll(in)
		if !bytes.Equal(ourRest, theirRest) {
			t.Fatalf("behind the request comes %q here, %q there\n%q", ourRest, theirRest, data)
		}
	})
}

// stricterThere are errors of net/http's in bodies that are well-formed.
var stricterThere = []string{
	"chunk length too large",  // zeros before a size, which RFC 9112 7.1 allows in any number
	"too much non-data",       // our limit of extensions is another
	"invalid byte in chunk",   // whitespace before an extension, which RFC 9112 7.1.1 says has to be parsed
	"malformed MIME header",   // a trailer with a name that RFC 9110 5.6.2 has
	"malformed chunked",       // extensions that are quoted
	"header line is too long", // of chunks, in its buffer
}

// asciiTarget are the bytes that net/url takes as well: no test of it here.
const asciiTarget = tokenByte | hostByte

func compare(t *testing.T, h *Head, theirs *http.Request) {
	t.Helper()
	if h.Method != theirs.Method || h.Target != theirs.RequestURI {
		t.Fatalf("%s %s here, %s %s there", h.Method, h.Target, theirs.Method, theirs.RequestURI)
	}
	ours := http.Header{}
	for _, f := range h.Fields {
		ours.Add(f.Name, f.Value)
	}
	for name, values := range theirs.Header {
		if strings.Join(ours[name], "\n") != strings.Join(values, "\n") {
			t.Fatalf("%s: %q here, %q there", name, ours[name], values)
		}
	}
	if h.Framing == ByLength && theirs.ContentLength != h.Length || h.Framing == ByChunks && theirs.ContentLength != -1 {
		t.Fatalf("framing %d, length %d here, %d there", h.Framing, h.Length, theirs.ContentLength)
	}
}

// Whatever a chunked body is, what was read of it was sent, and nothing is read twice.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("3;a=\"b\"\r\nabc\r\n0\r\nT: v\r\n\r\n"))
	f.Add([]byte("ffffffffffffffff\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		whole := NewReader(strings.NewReader(head+string(data)), Limits{})
		h, err := whole.ReadHead()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(whole.Body(h))
		if len(body) > len(data) {
			t.Fatalf("%d bytes of %d", len(body), len(data))
		}
		cut := NewReader(&byteReader{strings.NewReader(head + string(data))}, Limits{})
		h, _ = cut.ReadHead()
		again, err2 := io.ReadAll(cut.Body(h))
		if !bytes.Equal(body, again) || (err == nil) != (err2 == nil) {
			t.Fatalf("whole: %q, %v; byte by byte: %q, %v", body, err, again, err2)
		}
	})
}

type byteReader struct{ src io.Reader }

func (r *byteReader) Read(p []byte) (int, error) { return r.src.Read(p[:1]) }
