package h3

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// nat passes packets on between a client and the server, as a router does that keeps
// no address for long.
type nat struct {
	inside *net.UDPConn
	server *net.UDPAddr

	mu      sync.Mutex
	outside *net.UDPConn
	client  net.Addr

	watched byte         // the first half of packets that are counted
	count   atomic.Int64 // of the server's
}

// watch counts the server's packets that begin so.
func (n *nat) watch(first byte) *atomic.Int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.watched = first
	return &n.count
}

func newNAT(t *testing.T, server *net.UDPAddr) *nat {
	t.Helper()
	inside, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	n := &nat{inside: inside, server: server}
	n.rebind(t)
	go n.out()
	t.Cleanup(func() {
		inside.Close()
		n.outside.Close()
	})
	return n
}

// rebind has the server see another port from now on.
func (n *nat) rebind(t *testing.T) {
	t.Helper()
	outside, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	n.mu.Lock()
	old := n.outside
	n.outside = outside
	n.mu.Unlock()
	if old != nil {
		old.Close()
	}
	go n.in(outside)
}

func (n *nat) out() {
	b := make([]byte, 64<<10)
	for {
		size, from, err := n.inside.ReadFrom(b)
		if err != nil {
			return
		}
		n.mu.Lock()
		n.client = from
		_, _ = n.outside.WriteTo(b[:size], n.server)
		n.mu.Unlock()
	}
}

func (n *nat) in(outside *net.UDPConn) {
	b := make([]byte, 64<<10)
	for {
		size, _, err := outside.ReadFrom(b)
		if err != nil {
			return
		}
		n.mu.Lock()
		client := n.client
		if n.watched != 0 && b[0]&0xf0 == n.watched {
			n.count.Add(1)
		}
		n.mu.Unlock()
		_, _ = n.inside.WriteTo(b[:size], client)
	}
}

// The address that the server sees changes in the midst of a response and of a request.
func TestAConnectionGoesOnFromAnotherAddress(t *testing.T) {
	moved := make(chan struct{})
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, r.RemoteAddr)
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/moves" {
			<-moved
			_, _ = w.Write(make([]byte, 1<<20))
		}
		_, _ = io.Copy(w, r.Body)
	})
	n := newNAT(t, r.address)
	dials := 0
	client := r.client(t, func(transport *http3.Transport) {
		transport.Dial = func(ctx context.Context, _ string, config *tls.Config, c *quic.Config) (*quic.Conn, error) {
			dials++
			return quic.DialAddrEarly(ctx, n.inside.LocalAddr().String(), config, c)
		}
	})
	res, err := client.Get(home + "moves")
	if err != nil {
		t.Fatal(err)
	}
	n.rebind(t)
	close(moved)
	first := text(t, res, nil)
	if len(first) < 1<<20 {
		t.Errorf("%d bytes of the response", len(first))
	}
	var address string
	deadline := time.Now().Add(10 * time.Second)
	for { // the server believes a new address when it has found that packets arrive there
		res, err = client.Get(home)
		if address = text(t, res, err); len(address) > 0 && address != first[:len(address)] || time.Now().After(deadline) {
			break
		}
	}
	if address == first[:len(address)] {
		t.Errorf("the handler still sees %s", address)
	}
	if dials != 1 {
		t.Errorf("%d connections", dials)
	}
}
