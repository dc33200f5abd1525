package listen

import (
	"bytes"
	"fmt"
	"net"
	"testing"
	"time"
)

// shortPacket is a packet of QUIC for a connection whose id begins with tag.
func shortPacket(tag [4]byte, text string) []byte {
	return append(append(append([]byte{0x40}, tag[:]...), "12345678"...), text...)
}

func longPacket(id, text string) []byte {
	return append(append([]byte{0xc0, 0, 0, 0, 1, byte(len(id))}, id...), text...)
}

// handOver has a second Packet take the place of the first, as two processes do.
func handOver(t *testing.T, p *Packet) *Packet {
	t.Helper()
	socket, err := p.Duplicate()
	if err != nil {
		t.Fatal(err)
	}
	relay, err := p.Offer()
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInherited([]Given{{Name: p.Name(), File: socket}, {Name: relay.Name(), File: relay}})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	a := Address{Host: "127.0.0.1", Port: p.Port()}
	next := in.TakePacket(t.Context(), a)
	if next == nil {
		t.Fatal("the socket is not taken")
	}
	t.Cleanup(func() { next.Close() })
	return next
}

func readOne(t *testing.T, p *Packet) string {
	t.Helper()
	b := make([]byte, 1500)
	_ = p.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, from, err := p.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	if from == nil {
		t.Fatal("a packet without its sender")
	}
	return string(b[:n])
}

func TestPacketsOfTheOldProcessArePassedOn(t *testing.T) {
	old, err := ListenPacket(t.Context(), Address{Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	next := handOver(t, old)
	select {
	case <-next.Owned():
		t.Fatal("the new process reads before it may")
	default:
	}
	client, err := net.DialUDP("udp", nil, old.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	blocked := make(chan string, 1)
	go func() { blocked <- readOne(t, old) }() // is woken by Yield, and goes on at the relay
	old.Yield()
	next.Own()
	for _, packet := range [][]byte{
		shortPacket(old.Tag(), "of the old"), longPacket("anybodys-id-", "a new one"), shortPacket(next.Tag(), "of the new"),
	} {
		if _, err := client.Write(packet); err != nil {
			t.Fatal(err)
		}
	}
	if got := readOne(t, next); !bytes.Contains([]byte(got), []byte("a new one")) {
		t.Errorf("the new process has read %q", got)
	}
	if got := readOne(t, next); !bytes.Contains([]byte(got), []byte("of the new")) {
		t.Errorf("the new process has read %q", got)
	}
	if got := <-blocked; !bytes.Contains([]byte(got), []byte("of the old")) {
		t.Errorf("the old process has read %q", got)
	}
}

func TestPacketsGoThroughTwoProcesses(t *testing.T) {
	first, err := ListenPacket(t.Context(), Address{Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second := handOver(t, first)
	first.Yield()
	second.Own()
	third := handOver(t, second)
	second.Yield()
	third.Own()
	client, err := net.DialUDP("udp", nil, first.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	read := make(chan string, 1)
	go func() { read <- readOne(t, first) }()
	go func() { _, _, _ = second.ReadFrom(make([]byte, 1500)) }()
	go func() { _, _, _ = third.ReadFrom(make([]byte, 1500)) }()
	if _, err := client.Write(shortPacket(first.Tag(), "of the first")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; !bytes.Contains([]byte(got), []byte("of the first")) {
		t.Errorf("the first process has read %q", got)
	}
}

// A new process that dies leaves the socket to the old one.
func TestTheSocketIsTakenBack(t *testing.T) {
	old, err := ListenPacket(t.Context(), Address{Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	next := handOver(t, old)
	old.Yield()
	next.Own()
	next.Close()
	client, err := net.DialUDP("udp", nil, old.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Write(shortPacket(old.Tag(), "still")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1500)
	if n, _, err := old.ReadFrom(b); err != nil || !bytes.Contains(b[:n], []byte("still")) {
		t.Errorf("read %q, %v", b[:n], err)
	}
}

func TestARelayThatIsUnreadHoldsNobodyUp(t *testing.T) {
	old, err := ListenPacket(t.Context(), Address{Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	next := handOver(t, old)
	old.Yield()
	next.Own()
	client, err := net.DialUDP("udp", nil, old.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	packet := shortPacket(old.Tag(), string(make([]byte, 1200)))
	done := make(chan string, 1)
	go func() { done <- readOne(t, next) }()
	for range 5000 {
		_, _ = client.Write(packet)
	}
	for {
		_, _ = client.Write(shortPacket(next.Tag(), "of the new"))
		select {
		case got := <-done:
			if !bytes.Contains([]byte(got), []byte("of the new")) {
				t.Errorf("the new process has read %q", got)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// A UDP socket is told of as one on TCP is: for all addresses by 0.0.0.0, which as an
// address of its own takes no IPv6.
func TestPacketURL(t *testing.T) {
	for host, want := range map[string]string{"": "0.0.0.0", "0.0.0.0": "0.0.0.0", "127.0.0.1": "127.0.0.1"} {
		p, err := ListenPacket(t.Context(), Address{Host: host})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if want := fmt.Sprintf("h3://%s:%d", want, p.Port()); p.URL() != want {
			t.Errorf("%q: got %s, want %s", host, p.URL(), want)
		}
		if v6 := p.LocalAddr().(*net.UDPAddr).IP.To4() == nil; host == "0.0.0.0" && v6 {
			t.Errorf("%s has %s", host, p.LocalAddr())
		}
	}
}
