package front

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"highball/internal/certs/certstest"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// overQUIC adds a UDP socket to s, and returns how to get a client of it.
func overQUIC(t *testing.T, s *Server) (newClient func() *http.Client) {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	address := socket.LocalAddr().String()
	ca := certstest.Root(t, "a root")
	config := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, []string{"a.test"}).Pair(t)}}
	serve, ended := s.AddQUIC(socket, Listening{TLS: config}), make(chan error, 1)
	go func() { ended <- serve() }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := wait(t, "the end of the UDP socket", ended); err != nil {
			t.Error(err)
		}
	})
	return func() *http.Client {
		transport := &http3.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
			Dial: func(ctx context.Context, _ string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
				return quic.DialAddr(ctx, address, c, q)
			},
		}
		t.Cleanup(func() { transport.Close() })
		return &http.Client{Transport: transport, Timeout: patience}
	}
}

func fetch(c *http.Client) (string, error) {
	r, err := c.Get("https://a.test/")
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	p, err := io.ReadAll(r.Body)
	return string(p), err
}

func TestConnectionsOfQUICAreCounted(t *testing.T) {
	s := newServer(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
	client := overQUIC(t, s)()
	if got, err := fetch(client); got != "HTTP/3.0" || err != nil {
		t.Fatal(got, err)
	}
	st := s.Stats()
	if st.Open != 1 || st.OpenQUIC != 1 || st.Accepted != 1 || st.RequestsQUIC != 1 || st.Received == 0 || st.Sent == 0 {
		t.Errorf("%+v", st)
	}
	client.Transport.(*http3.Transport).Close()
	eventually(t, "it is closed", isOpen(s, 0))
}

// TCP and QUIC share one limit. QUIC cannot wait: it takes the place of an idle one, or
// is refused.
func TestTheLimitHoldsForBoth(t *testing.T) {
	busy, free := make(chan struct{}), make(chan struct{})
	s, addr := bounded(t, "tcp", Options{MaxConnections: 1}, time.Nanosecond, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 {
			busy <- struct{}{}
			<-free
		}
		fmt.Fprint(w, r.Proto)
	})
	newClient := overQUIC(t, s)
	tcp := connect(t, addr)
	send(t, tcp, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	wait(t, "the request", busy)
	if _, err := fetch(newClient()); err == nil {
		t.Error("there was no room for a connection of QUIC")
	}
	if st := s.Stats(); st.RefusedQUIC == 0 || st.Accepted != 1 {
		t.Errorf("%+v", st)
	}
	close(free)
	eventually(t, "TCP's is idle", areIdle(s, 1))
	client := newClient()
	if got, err := fetch(client); got != "HTTP/3.0" || err != nil {
		t.Errorf("with an idle connection of TCP: %q, %v", got, err)
	}
	if _, err := io.Copy(io.Discard, tcp); err != nil {
		t.Error(err)
	}
	// And the other way round.
	tcp = connect(t, addr)
	send(t, tcp, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	wait(t, "the request that took the place of an idle connection of QUIC", busy)
	eventually(t, "QUIC's is closed", func() bool { return s.Stats().OpenQUIC == 0 })
}

func TestOneAddressHasSoManyConnections(t *testing.T) {
	s := New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}), Options{
		MaxConnectionsPerAddress: 1, Logger: slog.New(slog.DiscardHandler),
	})
	newClient := overQUIC(t, s)
	if _, err := fetch(newClient()); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(newClient()); err == nil {
		t.Error("a second connection of the address is served")
	}
	if st := s.Stats(); st.RefusedQUIC == 0 || st.Accepted != 1 {
		t.Errorf("%+v", st)
	}
}

func TestShutdownWaitsForQUIC(t *testing.T) {
	begun, free := make(chan struct{}), make(chan struct{})
	s := newServer(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-free
		fmt.Fprint(w, "done")
	})
	s.linger = 10 * time.Millisecond
	client := overQUIC(t, s)()
	got := make(chan string, 1)
	go func() {
		text, err := fetch(client)
		got <- fmt.Sprint(text, err)
	}()
	wait(t, "the request", begun)
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(soon); err == nil {
		t.Error("Shutdown has not waited for a request")
	}
	close(free)
	if err := s.Shutdown(patient(t)); err != nil {
		t.Error(err)
	}
	if text := wait(t, "the response", got); text != "done<nil>" && text != "done <nil>" {
		t.Errorf("the request that had begun: %s", text)
	}
}

func TestServicesAreAnnouncedByTLSAlone(t *testing.T) {
	const services = `h3=":443"; ma=86400`
	s := newServer(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/own" {
			w.Header().Set("Alt-Svc", "clear")
		}
	})
	s.Announce(services)
	for _, c := range []struct {
		path   string
		secure bool
		major  int
		want   string
	}{{"/", true, 1, services}, {"/", true, 2, services}, {"/own", true, 1, "clear"}, {"/", false, 1, ""}, {"/", true, 3, ""}} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", c.path, nil)
		if r.ProtoMajor = c.major; c.secure {
			r.TLS = &tls.ConnectionState{}
		}
		s.http1.Handler.ServeHTTP(w, r)
		if got := w.Header().Get("Alt-Svc"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
