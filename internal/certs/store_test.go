package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"highball/internal/certs/certstest"
)

// The server name decides: the very name, then a wildcard, then the first of all.
func TestByName(t *testing.T) {
	dir, ca := t.TempDir(), certstest.Root(t, "a root")
	first := ca.Issue(t, []string{"first.test", "127.0.0.1"})
	wild := ca.Issue(t, []string{"*.wild.test"})
	exact := ca.Issue(t, []string{"a.wild.test"})
	s, _ := open(t, Options{Pairs: []Pair{files(t, dir, "first", first), files(t, dir, "wild", wild), files(t, dir, "exact", exact)}})
	for name, issued := range map[string]certstest.Issued{
		"first.test": first, "b.wild.test": wild, "A.Wild.TEST": exact, "a.wild.test.": exact,
		"wild.test": first, "a.b.wild.test": first, "other.test": first, "": first,
	} {
		want(t, "for "+name, shown(t, s, name), serial(t, issued))
	}
}

// Of two for the same names a client gets the one that it can check; ECDSA is cheaper.
func TestByAlgorithm(t *testing.T) {
	dir, ca := t.TempDir(), certstest.Root(t, "a root")
	both := []string{"both.test"}
	slow, quick := ca.IssueRSA(t, both), ca.Issue(t, both)
	s, _ := open(t, Options{Pairs: []Pair{files(t, dir, "slow", slow), files(t, dir, "quick", quick)}})
	want(t, "for all", shown(t, s, "both.test"), serial(t, quick))
	want(t, "for who names none", shown(t, s, ""), serial(t, quick))
	for _, name := range []string{"both.test", "another.test", ""} {
		old := &tls.Config{
			ServerName: name, InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		}
		_, seen, err := shake(t, s.Config(), old)
		if err != nil {
			t.Fatal(name, err)
		}
		want(t, "for one that knows RSA alone", seen.PeerCertificates[0].SerialNumber.String(), serial(t, slow))
	}
}

// A certificate and its key may be in one file.
func TestOneFile(t *testing.T) {
	issued := certstest.Root(t, "a root").Issue(t, []string{"a.test"})
	for _, parts := range [][][]byte{{issued.Cert, issued.Key}, {issued.Key, issued.Cert}} {
		path := certstest.Write(t, filepath.Join(t.TempDir(), "both.pem"), parts...)
		s, _ := open(t, Options{Pairs: []Pair{{Cert: path}}})
		want(t, "shown", shown(t, s, "a.test"), serial(t, issued))
	}
}

// What cannot be served is refused at the start, by the names of the files.
func TestWrongFiles(t *testing.T) {
	dir, ca := t.TempDir(), certstest.Root(t, "a root")
	good, other := ca.Issue(t, []string{"a.test"}), ca.Issue(t, []string{"a.test"})
	encrypted := []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n")
	for _, c := range []struct {
		name, says string
		cert, key  []byte
	}{
		{"another's key", "the key is not the certificate's", good.Cert, other.Key},
		{"no certificate", "the certfile has no certificate", good.Key, good.Key},
		{"no key", "there is no private key", good.Cert, good.Cert},
		{"half a certificate", "ends within a PEM block", good.Cert[:len(good.Cert)/2], good.Key},
		{"half a key", "ends within a PEM block", good.Cert, good.Key[:len(good.Key)/2]},
		{"encrypted", "is encrypted", good.Cert, encrypted},
		{"nothing", "the certfile has no certificate", nil, nil},
	} {
		pair := files(t, dir, "x", certstest.Issued{Cert: c.cert, Key: c.key})
		_, err := New(Options{Pairs: []Pair{pair}})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), pair.Cert) || !strings.Contains(err.Error(), pair.Key) {
			t.Errorf("%s: got %v, want %q and both files", c.name, err, c.says)
		}
	}
	if _, err := New(Options{Pairs: []Pair{{Cert: filepath.Join(dir, "missing")}}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A chain in the wrong order leaves in the right one, without what does not belong to it.
func TestOrderOfTheChain(t *testing.T) {
	root := certstest.Root(t, "a root")
	middle := root.Intermediate(t, "the middle")
	lower := middle.Intermediate(t, "the lower")
	stranger := certstest.Root(t, "a stranger")
	leaf := lower.Issue(t, []string{"a.test"})
	for _, c := range []struct {
		name  string
		text  [][]byte
		says  string
		count int
	}{
		{"in order", [][]byte{leaf.Cert, lower.PEM, middle.PEM}, "", 3},
		{"the other way round", [][]byte{middle.PEM, lower.PEM, leaf.Cert}, "wrong order", 3},
		{"issuers swapped", [][]byte{leaf.Cert, middle.PEM, lower.PEM}, "wrong order", 3},
		{"a stranger at the end", [][]byte{leaf.Cert, lower.PEM, middle.PEM, stranger.PEM}, "CN=a stranger", 3},
		{"with the root", [][]byte{leaf.Cert, lower.PEM, middle.PEM, root.PEM}, "", 4},
		{"with the root twice", [][]byte{leaf.Cert, lower.PEM, middle.PEM, root.PEM, root.PEM}, "CN=a root", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			pair := files(t, t.TempDir(), "x", certstest.Issued{Cert: slices.Concat(c.text...), Key: leaf.Key})
			s, log := open(t, Options{Pairs: []Pair{pair}})
			_, seen, err := shake(t, s.Config(), &tls.Config{ServerName: "a.test", RootCAs: root.Pool()})
			if err != nil {
				t.Fatal(err)
			}
			if len(seen.PeerCertificates) != c.count || !slices.Equal(seen.PeerCertificates[0].DNSNames, []string{"a.test"}) {
				t.Errorf("got %d certificates, %v the first", len(seen.PeerCertificates), seen.PeerCertificates[0].Subject)
			}
			if c.says == "" {
				log.has(t, 0, "WARN")
			} else {
				log.has(t, 1, c.says)
			}
		})
	}
}

// What is wrong with the dates of a certificate is told with the date, once a day.
func TestDates(t *testing.T) {
	ca := certstest.Root(t, "a root")
	const day = 24 * time.Hour
	for _, c := range []struct {
		name     string
		from, to time.Duration
		says     string
	}{
		{"expired", -30 * day, -day, "has expired on "},
		{"of the future", 2 * day, 90 * day, "is not valid before "},
		{"about to expire", -80 * day, 10 * day, "expires on "},
		{"good", -day, 89 * day, ""},
		{"of a week, and young", -day, 6 * day, ""},
		{"of a week, and old", -6 * day, day, "expires on "},
	} {
		t.Run(c.name, func(t *testing.T) {
			issued := ca.Issue(t, []string{"a.test"}, certstest.Until(c.from, c.to))
			time := newClock()
			s, log := open(t, Options{Pairs: []Pair{files(t, t.TempDir(), "x", issued)}, Now: time.Now})
			s.Reload()
			if c.says == "" {
				log.has(t, 0, "WARN")
				return
			}
			log.has(t, 1, c.says)
			time.add(day)
			s.Reload()
			if n := len(log.lines("WARN")); n != 2 {
				t.Errorf("a day later there are %d lines, want 2", n)
			}
			want(t, "shown", shown(t, s, "a.test"), serial(t, issued))
		})
	}
}

// aSource has one certificate.
type aSource struct {
	name   string
	cert   *tls.Certificate
	err    error
	asked  int
	protos []string
}

func (a *aSource) Has(name string) bool { return name == a.name }

func (a *aSource) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	a.asked++
	a.protos = hello.SupportedProtos
	return a.cert, a.err
}

func certificate(t *testing.T, issued certstest.Issued) *tls.Certificate {
	t.Helper()
	c, err := tls.X509KeyPair(issued.Cert, issued.Key)
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

// Other sources come after a pair that has the very name, and before a wildcard.
func TestSources(t *testing.T) {
	dir, ca := t.TempDir(), certstest.Root(t, "a root")
	wild, own, theirs := ca.Issue(t, []string{"*.a.test"}), ca.Issue(t, []string{"own.a.test"}), ca.Issue(t, []string{"auto.a.test"})
	source := &aSource{name: "auto.a.test", cert: certificate(t, theirs)}
	s, _ := open(t, Options{Pairs: []Pair{files(t, dir, "wild", wild), files(t, dir, "own", own)}, Sources: []Source{source}})
	want(t, "the source's", shown(t, s, "auto.a.test"), serial(t, theirs))
	want(t, "a pair's", shown(t, s, "own.a.test"), serial(t, own))
	want(t, "a wildcard's", shown(t, s, "b.a.test"), serial(t, wild))
	if source.asked != 1 {
		t.Errorf("the source was asked %d times, want 1", source.asked)
	}
	source.cert, source.err = nil, errors.New("the CA is down")
	want(t, "while the source has none", shown(t, s, "auto.a.test"), serial(t, wild))
}

// A CA's own handshake is the source's, even for a name that a pair has.
func TestChallenge(t *testing.T) {
	ca := certstest.Root(t, "a root")
	own, answer := ca.Issue(t, []string{"a.test"}), ca.Issue(t, []string{"a.test"})
	source := &aSource{name: "a.test", cert: certificate(t, answer)}
	s, _ := open(t, Options{Pairs: []Pair{files(t, t.TempDir(), "own", own)}, Sources: []Source{source}})
	asks := &tls.Config{ServerName: "a.test", InsecureSkipVerify: true, NextProtos: []string{ACMEProtocol}}
	_, seen, err := shake(t, s.Config("h2", ACMEProtocol), asks)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "shown", seen.PeerCertificates[0].SerialNumber.String(), serial(t, answer))
	want(t, "negotiated", seen.NegotiatedProtocol, ACMEProtocol)
	source.cert, source.err = nil, errors.New("no such challenge")
	if _, _, err := shake(t, s.Config("h2", ACMEProtocol), asks); err == nil {
		t.Error("a challenge that nobody knows was answered")
	}
}

func TestProfiles(t *testing.T) {
	pair := files(t, t.TempDir(), "x", certstest.Root(t, "a root").Issue(t, []string{"a.test"}))
	for _, c := range []struct {
		profile Profile
		highest uint16
		ok      bool
	}{
		{Modern, tls.VersionTLS13, true},
		{Modern, tls.VersionTLS12, false},
		{Intermediate, tls.VersionTLS13, true},
		{Intermediate, tls.VersionTLS12, true},
		{Intermediate, tls.VersionTLS11, false},
	} {
		s, _ := open(t, Options{Pairs: []Pair{pair}, Profile: c.profile})
		_, seen, err := shake(t, s.Config(), &tls.Config{ServerName: "a.test", InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: c.highest})
		if (err == nil) != c.ok || c.ok && seen.Version != c.highest {
			t.Errorf("%s, a client of at most %s: %v, %s", c.profile, tls.VersionName(c.highest), err, tls.VersionName(seen.Version))
		}
	}
	s, _ := open(t, Options{Pairs: []Pair{pair}})
	weak := &tls.Config{
		ServerName: "a.test", InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
	}
	if _, _, err := shake(t, s.Config(), weak); err == nil {
		t.Error("a suite that Mozilla does not have was taken")
	}
	if _, err := ParseProfile("old"); err == nil {
		t.Error("a profile that is none")
	}
}

// A key that everybody can read is told of.
func TestOpenKey(t *testing.T) {
	pair := files(t, t.TempDir(), "x", certstest.Root(t, "a root").Issue(t, []string{"a.test"}))
	for mode, lines := range map[os.FileMode]int{0o600: 0, 0o640: 0, 0o644: 1} {
		if err := os.Chmod(pair.Key, mode); err != nil {
			t.Fatal(err)
		}
		_, log := open(t, Options{Pairs: []Pair{pair}})
		log.has(t, lines, "everybody on this machine can read the private key")
	}
}

// Files that the server cannot read later are found when it starts.
func TestReadable(t *testing.T) {
	pair := files(t, t.TempDir(), "x", certstest.Root(t, "a root").Issue(t, []string{"a.test"}))
	s, _ := open(t, Options{Pairs: []Pair{pair}})
	if err := s.CheckReadable(); err != nil {
		t.Error(err)
	}
	if err := os.Remove(pair.Key); err != nil { // root could read any mode
		t.Fatal(err)
	}
	if err := s.CheckReadable(); err == nil || !strings.Contains(err.Error(), pair.Key) || !strings.Contains(err.Error(), "uid") {
		t.Errorf("got %v", err)
	}
}

func TestNamesOfACommonName(t *testing.T) {
	c := &x509.Certificate{}
	c.Subject.CommonName = "Old.test"
	want(t, "names", strings.Join(names(c), " "), "old.test")
}
