package h1

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// certified is a configuration of TLS for a server, and one of a client that trusts it.
func certified(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return s.TLS, s.Client().Transport.(*http.Transport).TLSClientConfig
}

// securely serves one connection over TLS and returns the client's socket.
func securely(t *testing.T, s *Server, config *tls.Config) net.Conn {
	t.Helper()
	return servedOver(t, s, func(c net.Conn) net.Conn { return tls.Server(c, config) })
}

// Over TLS all is as without, and the request knows of it.
func TestTLS(t *testing.T) {
	config, trusting := certified(t)
	s := &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %d %v %v\n%s", r.Method, r.URL.Path, len(body), err, r.TLS.HandshakeComplete, strings.Repeat("x", 100<<10))
	})}
	c := tls.Client(securely(t, s, config), &tls.Config{RootCAs: trusting.RootCAs, ServerName: "example.com"})
	body := strings.Repeat("b", 200<<10)
	_, _ = fmt.Fprintf(c, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%sGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", len(body), body)
	answer, err := io.ReadAll(c)
	for _, want := range []string{fmt.Sprintf("POST /a %d <nil> true", len(body)), "GET /b 0 <nil> true"} {
		if err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%q is not in %.300q, %v", want, answer, err)
		}
	}
}

// A response that is cut does not end as one that is whole, even where its end is the
// connection's.
func TestTLSCutResponse(t *testing.T) {
	config, trusting := certified(t)
	for _, whole := range []bool{true, false} {
		s := &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", bodyBuffer+1))
			_ = http.NewResponseController(w).Flush()
			if !whole {
				panic(http.ErrAbortHandler)
			}
		})}
		heard := &listening{Conn: securely(t, s, config)}
		c := tls.Client(heard, &tls.Config{RootCAs: trusting.RootCAs, ServerName: "example.com", MaxVersion: tls.VersionTLS12})
		_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		answer, err := io.ReadAll(c)
		if says := heard.lastRecord() == alertRecord; says != whole || err != nil || !strings.Contains(string(answer), "xxx") {
			t.Errorf("whole %v, says so %v: %.20q, %v", whole, says, answer, err)
		}
	}
}

// listening remembers what has come; package tls takes an end without a word for one with it.
type listening struct {
	net.Conn
	heard []byte
}

func (l *listening) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	l.heard = append(l.heard, p[:n]...)
	return n, err
}

const alertRecord = 21 // RFC 8446 5.1

// lastRecord is the type of the last record.
func (l *listening) lastRecord() (kind byte) {
	for rest := l.heard; len(rest) >= 5; rest = rest[5+int(rest[3])<<8+int(rest[4]):] {
		kind = rest[0]
	}
	return kind
}

// Who does not shake hands is not waited for.
func TestTLSWithoutAHandshake(t *testing.T) {
	config, _ := certified(t)
	c := securely(t, &Server{Handler: writes("a"), HeadTimeout: 50 * time.Millisecond}, config)
	began := time.Now()
	if answer, _ := io.ReadAll(c); len(answer) > 0 || time.Since(began) > patience/2 {
		t.Errorf("%q after %s", answer, time.Since(began))
	}
	c = securely(t, &Server{Handler: writes("a")}, config)
	_, _ = io.WriteString(c, get)
	if answer, _ := io.ReadAll(c); strings.Contains(string(answer), "200") {
		t.Errorf("in clear: %q", answer)
	}
}
