package h1

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// A client that resets leaves, over TLS as well.
func TestTLSClientLeaves(t *testing.T) {
	config, trusting := certified(t)
	began, left := make(chan struct{}), make(chan struct{})
	s := &Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(left)
	})}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	socket := securely(t, s, config)
	c := tls.Client(socket, &tls.Config{RootCAs: trusting.RootCAs, ServerName: "example.com"})
	_, _ = io.WriteString(c, get)
	<-began
	_ = socket.(*net.TCPConn).SetLinger(0)
	_ = socket.Close()
	select {
	case <-left:
	case <-time.After(patience):
		t.Error("its context does not end")
	}
}
