package harness

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Gate is where an application waits until the test lets it go on. It connects
// to the gate's port, which it learns from the query, and says who it is: thus a
// test knows that the application is there, in whatever process.
type Gate struct {
	t testing.TB
	l *net.TCPListener
}

// Visitor is an application that waits at a gate.
type Visitor struct {
	Label string // what the application calls the place
	PID   int
	conn  net.Conn
}

// NewGate opens a gate for the time of the test.
func NewGate(t testing.TB) *Gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &Gate{t, l.(*net.TCPListener)}
}

// Query is "gate=PORT", for the request's query.
func (g *Gate) Query() string {
	return fmt.Sprintf("gate=%d", g.l.Addr().(*net.TCPAddr).Port)
}

// Arrival waits for an application.
func (g *Gate) Arrival() *Visitor {
	g.t.Helper()
	v, err := g.within(Patience)
	if err != nil {
		g.t.Fatalf("the application did not come to the gate: %v", err)
	}
	return v
}

// Nobody fails the test if an application comes within a Blink.
func (g *Gate) Nobody() {
	g.t.Helper()
	v, err := g.within(Blink)
	if !isTimeout(err) {
		g.t.Fatalf("an application came to the gate: %+v, %v", v, err)
	}
}

func (g *Gate) within(d time.Duration) (*Visitor, error) {
	_ = g.l.SetDeadline(time.Now().Add(d))
	c, err := g.l.Accept()
	if err != nil {
		return nil, err
	}
	g.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(Patience))
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return nil, err
	}
	pid, label, _ := strings.Cut(strings.TrimSpace(line), " ")
	v := &Visitor{Label: label, conn: c}
	v.PID, err = strconv.Atoi(pid)
	return v, err
}

// Go lets the application go on.
func (v *Visitor) Go() {
	_, _ = v.conn.Write([]byte("\n"))
	_ = v.conn.Close()
}
