package front

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A connection whose handshake is over and has agreed on h2 is served as one in clear
// text is, and tracked.
func TestHTTP2OverTLS(t *testing.T) {
	certificates := httptest.NewUnstartedServer(nil)
	certificates.EnableHTTP2 = true
	certificates.StartTLS()
	defer certificates.Close()
	states := make(chan *tls.ConnectionState, 1)
	s := newServer(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			states <- r.TLS
		}
		answers(w, r)
	})
	l := listenOn(t, "tcp")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		own, err := track(nc, s)
		if err != nil || !s.admit(trackedOf(own), Listening{}) {
			t.Error("not admitted:", err)
			return
		}
		ctx := rememberConn(t.Context(), own)
		secure := tls.Server(own, certificates.TLS)
		if err := secure.HandshakeContext(ctx); err != nil {
			t.Error(err)
		}
		s.serveHTTP2(ctx, secure, nil)
		s.forget(connOf(ctx))
	}()
	transport := certificates.Client().Transport.(*http.Transport).Clone()
	transport.ForceAttemptHTTP2 = true
	client := &http.Client{Transport: transport, Timeout: patience}
	response, err := client.Get("https://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || string(body) != "answer" || response.ProtoMajor != 2 {
		t.Errorf("%q, %v, by %s", body, err, response.Proto)
	}
	if state := wait(t, "the request", states); state == nil || state.NegotiatedProtocol != "h2" {
		t.Errorf("the request has %+v", state)
	}
	eventually(t, "it rests", func() bool { return s.resting() == 1 })
	transport.CloseIdleConnections()
	wait(t, "the end", ended)
	eventually(t, "none is open", isOpen(s, 0))
	_ = net.Listener(l).Close()
}
