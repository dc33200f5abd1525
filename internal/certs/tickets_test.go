package certs

import (
	"crypto/tls"
	"testing"

	"highball/internal/certs/certstest"
)

// A session is resumed across changes of the key, for a day at least and a day and a half
// at most; each ticket is sealed by the newest.
func TestTickets(t *testing.T) {
	ca := certstest.Root(t, "a root")
	pair := files(t, t.TempDir(), "x", ca.Issue(t, []string{"a.test"}))
	for version, name := range map[uint16]string{tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"} {
		t.Run(name, func(t *testing.T) {
			time := newClock()
			s, _ := open(t, Options{Pairs: []Pair{pair}, Now: time.Now})
			config := s.Config("http/1.1")
			resumes := func(cache tls.ClientSessionCache) bool {
				t.Helper()
				of, _, err := shake(t, config, &tls.Config{
					ServerName: "a.test", RootCAs: ca.Pool(), MaxVersion: version, ClientSessionCache: cache, Time: time.Now,
				})
				if err != nil {
					t.Fatal(err)
				}
				return of.DidResume
			}
			pass := func() { time.add(ticketEvery); s.Reload() }
			first, idle := tls.NewLRUClientSessionCache(1), tls.NewLRUClientSessionCache(1)
			if resumes(first) || !resumes(first) || resumes(idle) {
				t.Error("at first the second visit resumes, and no other")
			}
			pass()
			pass()
			if !resumes(first) {
				t.Error("a day later it is not resumed")
			}
			pass()
			if resumes(idle) {
				t.Error("a ticket is opened that was sealed a day and a half before")
			}
			if len(s.keys) != ticketKeys {
				t.Errorf("%d keys are kept, want %d", len(s.keys), ticketKeys)
			}
		})
	}
}

// The keys are those of the store, not of one listener.
func TestTicketsOfAnotherListener(t *testing.T) {
	ca := certstest.Root(t, "a root")
	s, _ := open(t, Options{Pairs: []Pair{files(t, t.TempDir(), "x", ca.Issue(t, []string{"a.test"}))}})
	client := &tls.Config{ServerName: "a.test", RootCAs: ca.Pool(), ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	for i, config := range []*tls.Config{s.Config("http/1.1"), s.Config("http/1.1")} {
		of, _, err := shake(t, config, client)
		if err != nil || of.DidResume != (i == 1) {
			t.Errorf("visit %d: resumed %v, %v", i, of.DidResume, err)
		}
	}
}
