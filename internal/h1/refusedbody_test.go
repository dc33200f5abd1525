package h1

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// A body that is refused is told of once, whether the handler reads it or has left it.
func TestRefusedBodyIsToldOf(t *testing.T) {
	for name, read := range map[string]bool{"read": true, "left": false} {
		t.Run(name, func(t *testing.T) {
			var told atomic.Int32
			s := &Server{
				Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					for range 3 {
						if read {
							_, _ = io.ReadAll(r.Body)
						}
					}
				}),
				Refused: func(_ net.Conn, refusal *Refusal) {
					if told.Add(1); refusal.Clause != "RFC 9112 7.1.1" {
						t.Error(refusal)
					}
				},
			}
			c := served(t, s)
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5 \r\nhello\r\n0\r\n\r\n"+get)
			if _, err := io.ReadAll(c); err != nil {
				t.Error(err)
			}
			if n := told.Load(); n != 1 {
				t.Errorf("told of %d times", n)
			}
		})
	}
}

// RFC 9110 9.3.2: no content in the answer to HEAD, a refusal among them.
func TestRefusedHeadRequest(t *testing.T) {
	for request, want := range map[string]bool{"HEAD / HTTP/1.1\r\n\r\n": false, "GET / HTTP/1.1\r\n\r\n": true, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /\r\n": true} {
		c := served(t, &Server{Handler: writes("a")})
		_, _ = io.WriteString(c, request)
		all, err := io.ReadAll(c)
		if page := strings.HasSuffix(string(all), "400 Bad Request\n"); page != want || err != nil {
			t.Errorf("%q: %q, %v", request, all, err)
		}
	}
}

// A client that sends fast is far into its body when the answer comes: it has to be able
// to read that, and not meet a reset.
func TestRefusalReachesAFastClient(t *testing.T) {
	c := served(t, &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})})
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
	piece := make([]byte, 1<<20)
	for n := range 32 {
		if _, err := c.Write(piece); err != nil {
			t.Fatalf("after %d MiB: %v", n, err)
		}
	}
	if all, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 413 ") {
		t.Errorf("%q, %v", all, err)
	}
}
