package harness

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/quic-go/quic-go/http3"
)

func TestMain(m *testing.M) {
	code := m.Run()
	removeCertificate()
	os.Exit(code)
}

// theHandler is what the servers of others do, that the clients are tried with.
func theHandler(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/echo":
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Length", fmt.Sprint(r.ContentLength))
		w.Header().Set("X-Trailer", r.Trailer.Get("X-Sum"))
		_, _ = w.Write(body)
	case "/hints":
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusOK)
	case "/cut":
		_, _ = io.WriteString(w, "begun")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case "/gone":
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// others are servers that are not Highball, by listener.
func others(t *testing.T) *Server {
	t.Helper()
	c := theCertificate()
	if c.err != nil {
		t.Fatal(c.err)
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	plain := httptest.NewUnstartedServer(http.HandlerFunc(theHandler))
	plain.Config.Protocols = protocols
	plain.Start()
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(theHandler))
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(secure.Close)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h3 := &http3.Server{Handler: http.HandlerFunc(theHandler), TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair}})}
	go func() { _ = h3.Serve(udp) }()
	t.Cleanup(func() { _ = h3.Close(); _ = udp.Close() })
	return &Server{Log: newLog(), listening: []string{plain.URL, secure.URL, "h3://" + udp.LocalAddr().String()}}
}

// Each client against a server that is not ours: what it says is understood, and it
// understands what comes.
func TestClientsOfHTTP(t *testing.T) {
	s := others(t)
	s.Address = s.Where("http")
	for _, w := range Wires() {
		if w.Listener == "uwsgi" {
			continue
		}
		t.Run(w.Name, func(t *testing.T) {
			c := s.Speak(w)
			large := strings.Repeat("0123456789", 50_000)
			r := c.Do(t, Ask("POST", "/echo", "Trailer: X-Sum").InPieces(large[:7], large[7:]).Trailed("X-Sum: 12"))
			r.Want(t, 200, large)
			if r.Get("X-Length") != "-1" || r.Get("X-Trailer") != "12" {
				t.Errorf("the server got %v", r.Fields)
			}
			r = c.Do(t, Ask("POST", "/echo").With(large))
			r.Want(t, 200, large)
			if r.Get("X-Length") != "500000" {
				t.Errorf("the server got %v", r.Fields)
			}
			call := c.Start(t, Ask("POST", "/echo").Begun(4, "ab"))
			call.Silent()
			call.Send("cd").End().Response().Want(t, 200, "abcd")
			hinted := c.Get(t, "/hints")
			if hinted.WantStatus(t, 200); len(hinted.Interim) != 1 || hinted.Interim[0].Get("Link") != "</a>" {
				t.Errorf("interim responses: %+v", hinted.Interim)
			}
			if err := c.Start(t, Ask("GET", "/cut")).CutAfter(c.Wire, 200, "begun"); err != nil {
				t.Error(err)
			}
			for _, r := range c.Together(t, Ask("HEAD", "/echo"), Ask("GET", "/echo")) {
				r.Want(t, 200, "")
			}
			gone := c.Start(t, Ask("GET", "/gone"))
			gone.Head()
			gone.Leave()
		})
	}
}

// The packet is as its description has it, and the answer ends with the connection.
func TestClientOfUWSGI(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			answerUWSGI(c)
		}
	}()
	s := &Server{Log: newLog(), listening: []string{"uwsgi://" + l.Addr().String()}}
	wires := Wires()
	c := s.Speak(wires[len(wires)-1])
	r := c.Do(t, Ask("POST", "/a%20b?c", "X-A: 1", "x-a: 2", "X_B: 3", "Content-Type: t").InPieces("bo", "dy"))
	r.Want(t, 200, "QUERY_STRING=c;REQUEST_METHOD=POST;CONTENT_TYPE=t;CONTENT_LENGTH=4;REQUEST_URI=/a%20b?c;PATH_INFO=/a b;"+
		"DOCUMENT_ROOT=/usr/share/nginx/html;SERVER_PROTOCOL=HTTP/1.1;REQUEST_SCHEME=https;HTTPS=on;REMOTE_ADDR=192.0.2.7;REMOTE_PORT=4711;"+
		"SERVER_PORT=8443;SERVER_NAME=test.example;HTTP_HOST=test.example;HTTP_X_A=1, 2;body")
}

// answerUWSGI says what is in the packet, and the four bytes of its body.
func answerUWSGI(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	head := make([]byte, 4)
	_, _ = io.ReadFull(r, head)
	vars := make([]byte, int(head[1])|int(head[2])<<8)
	_, _ = io.ReadFull(r, vars)
	body := make([]byte, 4)
	_, _ = io.ReadFull(r, body)
	word := func() string {
		n := int(vars[0]) | int(vars[1])<<8
		text := string(vars[2 : 2+n])
		vars = vars[2+n:]
		return text
	}
	text := ""
	for len(vars) > 0 {
		text += word() + "=" + word() + ";"
	}
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"+text+string(body))
}
