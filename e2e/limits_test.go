package e2e

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"highball/e2e/harness"
)

// limited is a server whose clients are held to limits, with a control socket.
type limited struct {
	*harness.Server
	socket string
}

func startLimited(t *testing.T, args ...string) *limited {
	t.Helper()
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "control.sock")
	return &limited{tree(t, append(args, "--control", socket)...), socket}
}

type connectionsDocument struct {
	Connections struct {
		Open     int
		Max      int
		Accepted int   `json:"accepted_total"`
		Refused  int   `json:"refused_per_address_total"`
		Evicted  int   `json:"evicted_total"`
		Waited   int   `json:"waited_total"`
		Received int64 `json:"received_bytes_total"`
		Sent     int64 `json:"sent_bytes_total"`
	}
	Refusals map[string]int `json:"refusals_total"`
}

func (s *limited) status(t *testing.T) connectionsDocument {
	t.Helper()
	return answer[connectionsDocument](t, &controlled{socket: s.socket}, "status")
}

// ask is for a connection on which something was asked before.
func ask(t *testing.T, what string, c *harness.Conn) {
	t.Helper()
	if got := c.Send(harness.Request("GET", "/hello")).Response("GET"); got.Status != 200 {
		t.Errorf("%s: status %d", what, got.Status)
	}
}

// A head that takes too long ends its connection, however many pieces it comes in.
func TestHeaderTimeout(t *testing.T) {
	s := startLimited(t, "--header-timeout", "0.3")
	c := s.Dial(t).Send("GET /hello HTTP/1.1\r\n")
	began := time.Now()
	ended := make(chan string, 1)
	go func() {
		rest, _ := io.ReadAll(c.Conn)
		ended <- string(rest)
	}()
	for open := true; open; { // a field now and then does not help
		select {
		case rest := <-ended:
			if !strings.HasPrefix(rest, "HTTP/1.1 408 ") {
				t.Errorf("it is answered %q", rest)
			}
			open = false
		case <-time.After(20 * time.Millisecond):
			_, _ = io.WriteString(c.Conn, "X: y\r\n")
		}
		if time.Since(began) > harness.Patience/2 {
			t.Fatal("the connection goes on")
		}
	}
	ask(t, "another", s.Dial(t))
}

// A connection on which nothing is asked ends without a byte, before and after requests.
func TestKeepaliveTimeout(t *testing.T) {
	s := startLimited(t, "--keepalive-timeout", "0.3")
	silent, used := s.Dial(t), s.Dial(t)
	ask(t, "within the time", used)
	for _, c := range []*harness.Conn{silent, used} {
		c.ExpectEnd()
	}
}

// The sizes of a head are those of the settings.
func TestSizesOfHeads(t *testing.T) {
	s := startLimited(t, "--limit-request-line", "1k", "--limit-request-head", "4k", "--limit-request-fields", "10", "--max-body", "1k")
	for what, tt := range map[string]struct {
		status int
		text   string
	}{
		"a line that fits": {200, harness.Request("GET", "/hello?"+strings.Repeat("a", 1000))},
		"a long line":      {414, harness.Request("GET", "/hello?"+strings.Repeat("a", 1024))},
		"a head that fits": {200, harness.Request("GET", "/hello", "X: "+strings.Repeat("a", 3900))},
		"a large head":     {431, harness.Request("GET", "/hello", "X: "+strings.Repeat("a", 4096))},
		"fields that fit":  {200, harness.Request("GET", "/hello", strings.Repeat("X: y\r\n", 8)+"X: y")},
		"a field too many": {431, harness.Request("GET", "/hello", strings.Repeat("X: y\r\n", 9)+"X: y")},
		"a body that fits": {200, harness.Post("/hello", strings.Repeat("a", 1024))},
		"a large body":     {413, harness.Post("/hello", strings.Repeat("a", 1025))},
	} {
		if got := s.Do(t, tt.text); got.Status != tt.status {
			t.Errorf("%s: status %d, want %d", what, got.Status, tt.status)
		}
	}
	s.WaitText(t, "a request was refused")
	if got := s.status(t).Refusals; got["RFC 9110 15.5.15"] != 1 || got["RFC 6585 5"] != 2 || got["RFC 9110 15.5.14"] != 1 {
		t.Errorf("counted %v", got)
	}
}

// At the limit idle connections make room, and no request is lost: neither of those who
// ask without a pause on connections of their own, nor of those who come anew.
func TestMaxConnectionsUnderLoad(t *testing.T) {
	const most, idle = 40, 30
	s := startLimited(t, "--max-connections", fmt.Sprint(most))
	for range idle {
		s.Dial(t)
	}
	harness.Eventually(t, "they are open", func() bool { return s.status(t).Connections.Open == idle })
	crowd := &harness.Load{Network: "tcp", Address: s.Address, Path: "/hello", KeepAlive: 20, OneShot: 10}
	crowd.Start()
	harness.Eventually(t, "the silent ones go", func() bool { return s.status(t).Connections.Evicted >= idle/2 })
	answered := crowd.Answered()
	harness.Eventually(t, "it goes on", func() bool { return crowd.Answered() > answered+500 })
	now := s.status(t).Connections
	if now.Open > most || now.Max != most {
		t.Errorf("%+v", now)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	report := crowd.Wait()
	kernel := 0
	for _, loss := range report.Losses {
		if loss.NoAnswer() { // in the drain: see TestDrainLosesNothing
			kernel++
			continue
		}
		t.Errorf("lost: %v", loss)
	}
	if kernel > 1 {
		t.Errorf("%d connections were reset: more than one in a drain is not a race", kernel)
	}
	if s.Count("max-connections is reached: idle connections are closed for new ones") != 1 {
		t.Error("the log does not say once that idle connections are closed")
	}
	t.Logf("%d answers; %+v", report.Answered, now)
}

// Where none is idle new connections wait, connected by the kernel, until others end.
func TestNewConnectionsWait(t *testing.T) {
	s := startLimited(t, "--max-connections", "2")
	gate := harness.NewGate(t)
	var busy []*harness.Conn
	var visitors []*harness.Visitor
	for range 2 {
		busy = append(busy, s.Dial(t).Send(harness.Request("GET", "/reads?"+gate.Query())))
		visitors = append(visitors, gate.Arrival())
	}
	var waiting []*harness.Conn
	for range 5 {
		waiting = append(waiting, s.Dial(t).Send(harness.Request("GET", "/hello", "Connection: close")))
	}
	s.WaitText(t, "max-connections is reached and none is idle: new connections wait until others end")
	waiting[4].Silent()
	if got := s.status(t).Connections; got.Open != 2 || got.Waited != 1 || got.Evicted != 0 {
		t.Errorf("%+v", got)
	}
	for i, v := range visitors {
		v.Go()
		busy[i].Response("GET").WantStatus(t, 200)
		_ = busy[i].Close()
	}
	for _, c := range waiting {
		c.Response("GET").Want(t, 200, "hello")
		_ = c.Close()
	}
	harness.Eventually(t, "none is open", func() bool { return s.status(t).Connections.Open == 0 })
}

// A drain does not wait for room.
func TestDrainWithNewConnectionsWaiting(t *testing.T) {
	s := startLimited(t, "--max-connections", "1", "--drain-timeout", "10")
	gate := harness.NewGate(t)
	busy := s.Dial(t).Send(harness.Request("GET", "/reads?"+gate.Query()))
	visitor := gate.Arrival()
	var waiting []*harness.Conn
	for range 3 {
		waiting = append(waiting, s.Dial(t).Send(harness.Request("GET", "/hello")))
	}
	s.WaitText(t, "new connections wait until others end")
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop() }()
	for _, c := range waiting {
		c.Response("GET").Want(t, 200, "hello")
		_ = c.Close()
	}
	visitor.Go()
	busy.Response("GET").WantStatus(t, 200)
	_ = busy.Close()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// One address gets as many connections as it may, others get theirs.
func TestMaxConnectionsPerAddress(t *testing.T) {
	const most = 3
	s := startLimited(t, "--max-connections-per-address", fmt.Sprint(most))
	from := func(address string) (*harness.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: harness.Patience}
		c, err := d.Dial("tcp", s.Address)
		if err != nil {
			return nil, err
		}
		return harness.Wrap(t, c), nil
	}
	for _, address := range []string{"127.0.0.2", "127.0.0.3"} {
		for range most {
			c, err := from(address)
			if err != nil {
				t.Fatal(err)
			}
			ask(t, address, c)
		}
	}
	for range 5 {
		if c, err := from("127.0.0.2"); err == nil { // it may be reset within connect
			c.ExpectEnd()
		}
	}
	e := s.WaitText(t, "raise max-connections-per-address")
	if !strings.HasPrefix(e.Text("client"), "127.0.0.2:") || s.Count("raise max-connections-per-address") != 1 {
		t.Errorf("the log says %s", e.Raw)
	}
	if got := s.status(t).Connections; got.Refused != 5 || got.Open != 2*most {
		t.Errorf("%+v", got)
	}
}

// Who is refused a thousand times has a few lines in the log, and each is counted.
func TestRefusalsHaveFewLines(t *testing.T) {
	s := startLimited(t)
	const each = 500
	texts := map[string]string{
		"RFC 9112 6.3": harness.Request("POST", "/hello", "Content-Length: 1", "Transfer-Encoding: chunked"),
		"RFC 9112 5.1": harness.Request("GET", "/hello", "X : y"),
	}
	began := time.Now()
	for range each {
		for clause, text := range texts {
			c := s.Dial(t).Send(text)
			if got := c.Response("GET"); got.Status != 400 {
				t.Fatalf("%s: status %d", clause, got.Status)
			}
			_ = c.Close()
		}
	}
	seconds := int(time.Since(began).Seconds()) + 1
	got := s.status(t).Refusals
	for clause := range texts {
		if got[clause] != each {
			t.Errorf("%s: %d are counted of %d", clause, got[clause], each)
		}
	}
	lines := s.Find(func(e harness.Entry) bool { return e.Message() == "a request was refused" })
	if len(lines) < len(texts) || len(lines) > seconds*len(texts) {
		t.Errorf("%d lines in %d seconds", len(lines), seconds)
	}
	for _, e := range lines {
		if e.Text("level") != "INFO" || !strings.HasPrefix(e.Text("client"), "127.0.0.1:") || e.Text("status") != "400" || texts[e.Text("clause")] == "" || e.Text("reason") == "" {
			t.Errorf("the log says %s", e.Raw)
		}
	}
}

// The text has a line, the JSON all.
func TestStatusOfConnections(t *testing.T) {
	s := startLimited(t, "--max-connections", "100")
	c := s.Dial(t)
	ask(t, "one", c)
	out, _, code := harness.Ctl(t, harness.Binary(), s.socket, "status")
	if code != 0 || !strings.Contains(out, "\nconnections  1 open, room for 100, 1 accepted\n") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	request := int64(len(harness.Request("GET", "/hello")))
	got := s.status(t).Connections
	if got.Received != request || got.Sent < int64(len("hello")) || got.Accepted != 1 {
		t.Errorf("%+v, want %d bytes received", got, request)
	}
}
