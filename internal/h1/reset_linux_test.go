package h1

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
)

// Those that reset while the handler waits for them end its wait by the context.
func TestResetsWhileTheHandlerWaits(t *testing.T) {
	before := runtime.NumGoroutine()
	const clients = 200
	begun := make(chan struct{}, clients)
	address, ended := listened(t, func(_ http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		<-r.Context().Done()
	})
	for range clients {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, get)
		<-begun
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
	ended()
	wantGoroutines(t, before)
}
