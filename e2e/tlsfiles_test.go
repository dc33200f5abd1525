package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"highball/e2e/harness"
	"highball/internal/certs/certstest"
)

// A server that cannot serve https does not start, and says why in one line.
func TestTLSDoesNotStart(t *testing.T) {
	s := newSite(t)
	_, otherKey := s.write(t, "other", s.ca.Issue(t, []string{"a.test"}))
	half := certstest.Write(t, filepath.Join(s.dir, "half.pem"), []byte("-----BEGIN CERTIFICATE-----\nMIIB"))
	https := []string{"--bind", "https://127.0.0.1:0"}
	for _, c := range []struct {
		name string
		args []string
		says []string
	}{
		{"no certificate", https, []string{"needs a certificate", "--certfile"}},
		{"no https", []string{"--certfile", s.cert, "--keyfile", s.key}, []string{"no address is served by https", "--bind https://"}},
		{"another's key", append(https, "--certfile", s.cert, "--keyfile", otherKey), []string{"the key is not the certificate's", s.cert, otherKey}},
		{"half a file", append(https, "--certfile", half, "--keyfile", s.key), []string{"not written whole", half}},
		{"no file", append(https, "--certfile", s.dir+"/none", "--keyfile", s.key), []string{"no such file", s.dir + "/none"}},
		{"no client-ca", append(https, "--certfile", s.cert, "--keyfile", s.key, "--client-cert", "required"), []string{"needs client-ca"}},
		{"a bad hsts", append(https, "--certfile", s.cert, "--keyfile", s.key, "--hsts", "soon"), []string{"hsts:", "365d"}},
	} {
		args := append([]string{"run", "hello", "--chdir", harness.Apps(), "--pythonpath", harness.Apps(), "--python", harness.Newest(t).Path}, c.args...)
		has(t, c.name, program(t, "", harness.Binary(), args...), c.says...)
	}
	checked := program(t, "", "env", "HIGHBALL_BIND=https://127.0.0.1:0", "HIGHBALL_CERTFILE="+s.cert, "HIGHBALL_KEYFILE="+otherKey,
		harness.Binary(), "check", "hello", "--chdir", harness.Apps(), "--pythonpath", harness.Apps())
	has(t, "check", checked, "the key is not the certificate's", s.cert, otherKey)
}

// A certificate that has expired is served with a warning, and its chain in order.
func TestTLSOfWhatIsNotGood(t *testing.T) {
	s := newSite(t)
	middle := s.ca.Intermediate(t, "the middle")
	issued := middle.Issue(t, []string{"a.test"}, certstest.Until(-48*time.Hour, -24*time.Hour))
	s.cert = certstest.Write(t, s.cert, middle.PEM, issued.Cert)
	s.key = certstest.Write(t, s.key, issued.Key)
	s.Server = harness.Start(t, harness.Options{App: "hello", Python: harness.Newest(t).Path, Args: []string{
		"--bind", "https://127.0.0.1:0", "--certfile", s.cert, "--keyfile", s.key,
	}})
	config := s.trusting("a.test")
	config.Time = func() time.Time { return time.Now().Add(-36 * time.Hour) }
	config.RootCAs = s.ca.Pool()
	s.DialTLS(t, config).Send(harness.Request("GET", "/")).Response("GET").WantStatus(t, 200)
	for _, says := range []string{"has expired on ", "the chain is in the wrong order"} {
		if found := s.Find(func(e harness.Entry) bool { return e.Has(says) }); len(found) != 1 {
			t.Errorf("%d lines with %q, want 1", len(found), says)
		}
	}
}

// Certificates change under load: no client sees an error, and no rubbish is ever shown.
func TestTLSChangesUnderLoad(t *testing.T) {
	s := secureSite(t, "hello")
	defer s.load(t)()
	for round := range 3 {
		next := s.ca.Issue(t, []string{"a.test", "127.0.0.1"})
		truncate(t, s.cert, next.Cert[:len(next.Cert)/2])
		if err := s.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		harness.Eventually(t, "the half file is told of", func() bool {
			return len(s.Find(func(e harness.Entry) bool { return e.Has("cannot be taken") && e.Has("not written whole") })) > round
		})
		certstest.Write(t, s.cert, next.Cert)
		certstest.Write(t, s.key, next.Key)
		if err := s.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		harness.Eventually(t, "the next certificate is shown", func() bool { return shows(t, s, next) })
	}
}

// load has clients ask all the time until the result is called: by HTTP/1.1 and by HTTP/2,
// each on one connection and on one for each request. None may see an error.
func (s *secure) load(t *testing.T) (end func()) {
	t.Helper()
	url := "https://" + s.SecureAddress(t) + "/"
	var stop atomic.Bool
	var load sync.WaitGroup
	var answered [4]atomic.Int64
	for i := range answered {
		client := s.client(t, i%2 == 1)
		client.Transport.(*http.Transport).DisableKeepAlives = i < 2
		load.Go(func() {
			for !stop.Load() {
				if err := get(client, url); err != nil {
					t.Error(i, err)
					return
				}
				answered[i].Add(1)
			}
		})
	}
	return func() {
		stop.Store(true)
		load.Wait()
		for i := range answered {
			if answered[i].Load() == 0 {
				t.Errorf("client %d: nothing was answered", i)
			}
		}
	}
}

func get(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// A new binary takes over, and clients of https see no error.
func TestTLSUpgradeUnderLoad(t *testing.T) {
	s := newSite(t)
	s.Server = harness.Start(t, harness.Options{App: "hello", Python: harness.Newest(t).Path, Upgraded: true, Args: []string{
		"--bind", "https://127.0.0.1:0", "--certfile", s.cert, "--keyfile", s.key,
	}})
	defer s.load(t)()
	for range 3 {
		old := s.Server
		s.Server = old.Upgrade(t)
		if err := old.Exit(); err != nil {
			t.Error(err)
		}
	}
}

// What the issuer says of the certificate is stapled.
func TestTLSStaple(t *testing.T) {
	s := newSite(t)
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		question, err := ocsp.ParseRequest(text)
		if err != nil {
			t.Error(err)
			return
		}
		answer, err := ocsp.CreateResponse(s.ca.Cert, s.ca.Cert, ocsp.Response{
			Status: ocsp.Good, SerialNumber: question.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour),
		}, s.ca.Signer())
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(answer)
	}))
	defer issuer.Close()
	issued := s.ca.Issue(t, []string{"a.test"}, func(c *x509.Certificate) { c.OCSPServer = []string{issuer.URL} })
	certstest.Write(t, s.cert, issued.Cert, s.ca.PEM)
	certstest.Write(t, s.key, issued.Key)
	s.Server = harness.Start(t, harness.Options{App: "hello", Python: harness.Newest(t).Path, Args: []string{
		"--bind", "https://127.0.0.1:0", "--certfile", s.cert, "--keyfile", s.key,
	}})
	address := s.SecureAddress(t)
	harness.Eventually(t, "openssl sees a good staple", func() bool {
		out := program(t, "", "openssl", "s_client", "-connect", address, "-CAfile", s.caFile, "-servername", "a.test", "-status")
		return strings.Contains(out, "OCSP Response Status: successful") && strings.Contains(out, "Cert Status: good")
	})
}

func truncate(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// shows says whether a new connection gets a certificate.
func shows(t *testing.T, s *secure, issued certstest.Issued) bool {
	t.Helper()
	pair, err := tls.X509KeyPair(issued.Cert, issued.Key)
	if err != nil {
		t.Fatal(err)
	}
	c := s.DialTLS(t, s.trusting("a.test"))
	defer c.Close()
	return c.Conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Equal(pair.Leaf)
}

// A reload reads certificates at once, before it has to do with workers.
func TestTLSReload(t *testing.T) {
	s := secureSite(t, "hello")
	next := s.ca.Issue(t, []string{"a.test", "127.0.0.1"})
	certstest.Write(t, s.cert, next.Cert)
	certstest.Write(t, s.key, next.Key)
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.Wait(t, func(e harness.Entry) bool { return e.Has("reload: starting workers") })
	if found := s.Find(func(e harness.Entry) bool { return e.Has("certificate read again") }); len(found) != 1 {
		t.Errorf("%d lines of certificates that were read by then, want 1", len(found))
	}
	if !shows(t, s, next) {
		t.Error("the old one is shown")
	}
}
