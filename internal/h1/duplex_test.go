package h1

import (
	"bufio"
	"io"
	"net/http"
	"testing"
)

// A response may begin while somebody reads the request's body: how it is framed is
// decided from what has been read by then.
func TestHeadWhileTheBodyIsRead(t *testing.T) {
	for range 20 {
		s := &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			read := make(chan struct{})
			begun := make(chan struct{})
			go func() {
				defer close(read)
				p := make([]byte, 1)
				_, _ = r.Body.Read(p)
				close(begun)
				_, _ = io.CopyBuffer(io.Discard, r.Body, p)
			}()
			<-begun
			_ = http.NewResponseController(w).Flush()
			<-read
		})}
		c := served(t, s)
		go func() {
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
			for range 10 {
				_, _ = c.Write(make([]byte, 100))
			}
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		}()
		if _, err := io.ReadAll(c); err != nil {
			t.Error(err)
		}
	}
}

// Who waits for "100 Continue" gets it before the response or not at all, whoever reads
// the body when.
func TestContinueWhileTheResponseBegins(t *testing.T) {
	for range 50 {
		s := &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			go func() { _, _ = r.Body.Read(make([]byte, 1)) }()
			w.WriteHeader(http.StatusEarlyHints)
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "whole")
		})}
		c := served(t, s)
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
		_ = c.CloseWrite()
		in := bufio.NewReader(c)
		response, err := http.ReadResponse(in, nil)
		for err == nil && response.StatusCode < 200 {
			response, err = http.ReadResponse(in, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(response.Body); string(body) != "whole" || err != nil {
			t.Errorf("%q, %v", body, err)
		}
	}
}
