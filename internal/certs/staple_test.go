package certs

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"highball/internal/certs/certstest"
)

// responder says of every certificate what it is told to.
type responder struct {
	ca     *certstest.Issuer
	status atomic.Int64 // of package ocsp; below 0: it is down
	asked  atomic.Int64
	clock  *clock
}

func (r *responder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.asked.Add(1)
	text, _ := io.ReadAll(request.Body)
	question, err := ocsp.ParseRequest(text)
	if err != nil || r.status.Load() < 0 {
		http.Error(w, "no", http.StatusInternalServerError)
		return
	}
	now := r.clock.Now()
	answer, err := ocsp.CreateResponse(r.ca.Cert, r.ca.Cert, ocsp.Response{
		Status: int(r.status.Load()), SerialNumber: question.SerialNumber, RevokedAt: now,
		ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(47 * time.Hour),
	}, r.ca.Signer())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(answer)
}

// What the issuer says is sent along, asked for at half of its time, kept while the issuer
// is down, and dropped when it is over; no handshake waits, or fails, for it.
func TestStaple(t *testing.T) {
	ca, clock := certstest.Root(t, "a root"), newClock()
	r := &responder{ca: ca, clock: clock}
	server := httptest.NewServer(r)
	defer server.Close()
	issued := ca.Issue(t, []string{"a.test"}, func(c *x509.Certificate) { c.OCSPServer = []string{server.URL} })
	s, log := open(t, Options{Pairs: []Pair{files(t, t.TempDir(), "x", issued, ca.PEM)}, Now: clock.Now})
	config := s.Config()
	stapled := func() bool {
		t.Helper()
		_, seen, err := shake(t, config, &tls.Config{ServerName: "a.test", RootCAs: ca.Pool(), Time: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		return len(seen.OCSPResponse) > 0
	}
	after := func(what string, d time.Duration, status int64, has bool, asked int64) {
		t.Helper()
		clock.add(d)
		r.status.Store(status)
		s.stapleAll(t.Context())
		if got := stapled(); got != has || r.asked.Load() != asked {
			t.Errorf("%s: stapled %v after %d questions, want %v after %d", what, got, r.asked.Load(), has, asked)
		}
	}
	const down = -1
	after("the issuer is down", 0, down, false, 1)
	log.has(t, 1, "no staple")
	after("too soon", time.Minute, ocsp.Good, false, 1)
	after("it is up", stapleAgain, ocsp.Good, true, 2)
	after("there is one", time.Hour, ocsp.Good, true, 2)
	after("half of its time", 24*time.Hour, down, true, 3)
	after("it is still down", 20*time.Hour, down, true, 4)
	after("its word is over", 10*time.Hour, down, false, 5)
	after("it is up again", stapleAgain, ocsp.Good, true, 6)
	after("revoked", 30*time.Hour, ocsp.Revoked, false, 7)
	log.has(t, 1, "has revoked the certificate on ")
	if len(log.lines("ERROR")) != 1 {
		t.Errorf("%q", log.lines("ERROR"))
	}
}

// What somebody else says of a certificate is nothing.
func TestStapleOfAStranger(t *testing.T) {
	ca, clock := certstest.Root(t, "a root"), newClock()
	server := httptest.NewServer(&responder{ca: certstest.Root(t, "a root"), clock: clock})
	defer server.Close()
	issued := ca.Issue(t, []string{"a.test"}, func(c *x509.Certificate) { c.OCSPServer = []string{server.URL} })
	s, log := open(t, Options{Pairs: []Pair{files(t, t.TempDir(), "x", issued, ca.PEM)}, Now: clock.Now})
	s.stapleAll(t.Context())
	if got := s.index.Load().fallback[0].OCSPStaple; got != nil {
		t.Errorf("stapled: %x", got)
	}
	log.has(t, 1, "no staple")
}
