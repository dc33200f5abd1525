package acme

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
	"highball/e2e/pebble"
)

// scene is a server, its authority and a client that believes that.
type scene struct {
	*harness.Server
	ca          *pebble.CA
	dir         string // where the server keeps certificates
	http, https string // its ports, which the authority asks
	root        string // what the client believes
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{dir: t.TempDir(), http: pebble.FreePort(t), https: pebble.FreePort(t)}
	var o pebble.Options
	o.HTTPPort, _ = strconv.Atoi(s.http)
	o.TLSPort, _ = strconv.Atoi(s.https)
	s.ca = pebble.Start(t, o)
	s.believe(t)
	return s
}

// believe has the client believe the authority as it is now: after a restart it is another.
func (s *scene) believe(t *testing.T) {
	t.Helper()
	s.root = filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(s.root, s.ca.IssuerPEM(t), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start starts the server with flags besides those for its addresses and its authority.
func (s *scene) start(t *testing.T, flags ...string) {
	t.Helper()
	s.Server = harness.Start(t, harness.Options{App: "hello", Args: append([]string{
		"--bind", "127.0.0.1:" + s.http, "--bind", "https://127.0.0.1:" + s.https, "--bind", "h3://127.0.0.1:" + s.https, "--redirect-https",
		"--acme-ca", s.ca.URL, "--acme-ca-root", s.ca.Root, "--acme-dir", s.dir, "--workers", "1",
	}, flags...)})
}

// curl asks for a URL of example.test or a name below, and returns what comes.
func (s *scene) curl(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	cmd := exec.Command("curl", append([]string{"--silent", "--show-error", "--max-time", "20", "--cacert", s.root,
		"--connect-to", "::127.0.0.1:"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Logf("curl: %s", stderr.String())
	}
	return string(out), err
}

func (s *scene) secure(name string) string { return "https://" + name + ":" + s.https + "/" }

// serial is the serial number of the stored certificate's file as a whole: its text.
func (s *scene) stored(t *testing.T, pattern string) (file string, text []byte) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(s.dir, "certificates", "*", "*", pattern))
	if len(files) != 1 {
		t.Fatalf("%s: %v", pattern, files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return files[0], text
}

func TestCertificateByItself(t *testing.T) {
	for _, challenge := range []string{"http-01", "tls-alpn-01"} {
		t.Run(challenge, func(t *testing.T) {
			s := newScene(t)
			s.start(t, "--https", "example.test", "--acme-challenge", challenge)
			s.WaitText(t, "certificate obtained")
			for flag, version := range map[string]string{"--http1.1": "1.1", "--http2": "2"} {
				if body, err := s.curl(t, flag, "--write-out", "by %{http_version}", s.secure("example.test")); err != nil || !strings.Contains(body, "hello") || !strings.HasSuffix(body, "by "+version) {
					t.Errorf("%s: %q, %v", flag, body, err)
				}
			}
			if body, err := s.byHTTP3(t, "example.test"); err != nil || !strings.Contains(body, "hello") {
				t.Errorf("by HTTP/3: %q, %v", body, err)
			}
			head, _ := s.curl(t, "--head", "http://example.test:"+s.http+"/.well-known/acme-challenge/x")
			if !strings.Contains(head, " 308 ") || !strings.Contains(head, "Location: "+s.secure("example.test")+".well-known") {
				t.Errorf("http:\n%s", head)
			}
			if body, err := s.curl(t, s.secure("other.test")); err == nil {
				t.Errorf("another name is served: %q", body)
			}
		})
	}
}

// It is renewed while clients are served, none of which sees it.
func TestRenewal(t *testing.T) {
	s := newScene(t)
	s.start(t, "--https", "example.test")
	s.WaitText(t, "certificate obtained")
	file, text := s.stored(t, "*.json")
	_, before := s.stored(t, "*.crt")
	due := regexp.MustCompile(`"_selectedTime": *"[^"]*"`).ReplaceAll(text, []byte(`"_selectedTime": "2020-01-01T00:00:00Z"`))
	if err := os.WriteFile(file, due, 0o600); err != nil {
		t.Fatal(err)
	}
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, err := s.curl(t, s.secure("example.test")); err != nil {
				t.Errorf("while it is renewed: %v", err)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.WaitText(t, "certificate renewed")
	close(stop)
	<-ended
	if _, after := s.stored(t, "*.crt"); bytes.Equal(before, after) {
		t.Error("the certificate is the old one")
	}
	if _, err := s.curl(t, s.secure("example.test")); err != nil {
		t.Error(err)
	}
}

func TestAuthorityIsDown(t *testing.T) {
	s := newScene(t)
	s.start(t, "--https", "example.test")
	s.WaitText(t, "certificate obtained")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	s.ca.Stop()

	// What is valid is served.
	s.start(t, "--https", "example.test")
	if body, err := s.curl(t, s.secure("example.test")); err != nil || !strings.Contains(body, "hello") {
		t.Errorf("%q, %v", body, err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}

	// Without a certificate http is, and https comes when the authority does.
	s.dir = t.TempDir()
	s.start(t, "--https", "example.test")
	line := s.WaitText(t, "no certificate: https connections for this name fail")
	if !strings.Contains(line.Text("error"), "connection refused") || !strings.Contains(line.Raw, "tried_again_in") {
		t.Errorf("line %v", line)
	}
	if _, err := s.curl(t, "--insecure", s.secure("example.test")); err == nil {
		t.Error("something was made up")
	}
	if head, _ := s.curl(t, "--head", "http://example.test:"+s.http+"/"); !strings.Contains(head, " 308 ") {
		t.Errorf("http:\n%s", head)
	}
	s.ca.Restart(t)
	s.believe(t)
	s.WaitText(t, "certificate obtained")
	if _, err := s.curl(t, s.secure("example.test")); err != nil {
		t.Error(err)
	}
}

func TestOnDemand(t *testing.T) {
	s := newScene(t)
	s.start(t, "--acme-on-demand", "*.example.test")
	if _, err := s.curl(t, s.secure("a.example.test")); err != nil {
		t.Error(err)
	}
	if _, err := s.curl(t, s.secure("a.b.example.test")); err == nil {
		t.Error("a name that is not allowed got a certificate")
	}
	if n := s.ca.Orders(); n != 1 {
		t.Errorf("%d orders", n)
	}
}

// A directory that the server may not write to is said at once.
func TestDirectoryCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(harness.Binary(), "run", "hello", "--chdir", harness.Apps(), "--https", "example.test",
		"--bind", "https://127.0.0.1:0", "--acme-dir", filepath.Join(file, "dir"), "--acme-ca", "https://127.0.0.1:1/dir")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "choose another directory with --acme-dir") {
		t.Errorf("%v: %s", err, out)
	}
}
