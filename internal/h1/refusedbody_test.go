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
