package localca

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T, o Options) *Source {
	t.Helper()
	s := New(o)
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	return s
}

func roots(t *testing.T, s *Source) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(s.Root())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}

func TestCertificateIsForThisMachine(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir(), Hostname: "My-Box"})
	cert, err := s.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "my-box"} {
		if _, err := cert.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots(t, s)}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !s.Has(name) && net.ParseIP(name) == nil {
			t.Errorf("%s is not ours", name)
		}
	}
	if s.Has("example.test") || !s.Has("") {
		t.Error("another's name, or none")
	}
}

// Who steals the key can make no certificate that those who trust it take for another site's.
func TestAuthorityIsForNothingElse(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir(), Hostname: "box"})
	for _, name := range []string{"example.com", "192.0.2.1", "boxes"} {
		cert, err := s.root.leaf([]string{name}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cert.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots(t, s)}); err == nil {
			t.Errorf("%s is trusted", name)
		}
	}
}

func TestAuthorityIsMadeOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir")
	var all sync.WaitGroup
	found := make(chan *x509.Certificate, 8)
	for range cap(found) {
		all.Go(func() { found <- open(t, Options{Dir: dir, Hostname: "box"}).root.cert })
	}
	all.Wait()
	first := <-found
	for range cap(found) - 1 {
		if next := <-found; !next.Equal(first) {
			t.Error("two authorities")
		}
	}
	for name, want := range map[string]os.FileMode{"": 0o700, keyFile: 0o600, RootFile: 0o644} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}

	// The machine has got another name, for which the old authority may not sign.
	renamed := open(t, Options{Dir: dir, Hostname: "other"})
	cert, _ := renamed.certificate()
	if _, err := cert.Leaf.Verify(x509.VerifyOptions{DNSName: "other", Roots: roots(t, renamed)}); err != nil {
		t.Error(err)
	}
}

func TestCertificateIsMadeAnew(t *testing.T) {
	now := time.Now()
	s := open(t, Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	first, _ := s.certificate()
	now = now.Add(leafLife / 2)
	if same, _ := s.certificate(); same != first {
		t.Error("made anew too early")
	}
	now = now.Add(leafLife / 4)
	if next, err := s.certificate(); err != nil || next == first || !next.Leaf.NotAfter.After(now.Add(leafLife/2)) {
		t.Errorf("it is the old one, %v", err)
	}
}

func TestBrokenAuthority(t *testing.T) {
	dir := t.TempDir()
	open(t, Options{Dir: dir})
	if err := os.WriteFile(filepath.Join(dir, keyFile), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(Options{Dir: dir}).Open(); err == nil || !strings.Contains(err.Error(), "remove the files in "+dir) {
		t.Errorf("got %v", err)
	}
}

// trusted is a Source whose system store is a directory of the test.
func trusted(t *testing.T, s *Source, program ...string) (*trust, string) {
	t.Helper()
	dir := t.TempDir()
	tr := newTrust(s)
	tr.isRoot, tr.system = true, []systemStore{{dir, program}}
	return tr, dir
}

func TestSystemStore(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir(), Home: t.TempDir()})
	tr, dir := trusted(t, s, "true")
	if err := tr.addSystem(t.Context(), tr.system[0]); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "highball-local.crt")); err != nil || !bytes.Equal(text, tr.text) {
		t.Error(err)
	}
	tr.system[0].program = []string{"false"} // it is there: nothing is run
	if err := tr.addSystem(t.Context(), tr.system[0]); err != nil {
		t.Error(err)
	}
	tr.isRoot = false
	for _, store := range tr.stores() {
		if store.name == "system" {
			t.Error("another than root would be asked for a password")
		}
	}
	if advice := tr.advice(); !strings.Contains(advice, "sudo cp "+s.Root()+" "+dir) {
		t.Errorf("advice: %s", advice)
	}
}

// Programs that would ask have nobody to ask, and those that hang have an end.
func TestNobodyIsAsked(t *testing.T) {
	out, err := new(trust).run(t.Context(), "sh", "-c", "if read x; then echo asked; fi; (: </dev/tty) 2>/dev/null && echo terminal; true")
	if err != nil || len(out) > 0 {
		t.Errorf("%q, %v", out, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := new(trust).run(ctx, "sleep", "60"); err == nil {
		t.Error("it went on")
	}
}

func TestNSS(t *testing.T) {
	if _, err := exec.LookPath("certutil"); err != nil {
		t.Skip("certutil is not installed: Debian has it in libnss3-tools")
	}
	home := t.TempDir()
	s := open(t, Options{Dir: t.TempDir(), Home: home})
	profile := filepath.Join(home, ".mozilla/firefox/abc.default")
	if err := os.MkdirAll(profile, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := new(trust).run(t.Context(), "certutil", "-N", "-d", "sql:"+profile, "--empty-password"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is there
		tr := newTrust(s)
		tr.isRoot = false
		stores := tr.stores()
		if len(stores) != 2 {
			t.Fatalf("%d stores", len(stores))
		}
		for _, store := range stores {
			if err := store.add(t.Context()); err != nil {
				t.Error(err)
			}
			out, err := new(trust).run(t.Context(), "certutil", "-L", "-d", "sql:"+store.name)
			if err != nil || strings.Count(string(out), nickname) != 1 || !strings.Contains(string(out), "C,,") {
				t.Errorf("%v: %s", err, out)
			}
		}
	}

	// Another authority takes the place of the first.
	other := newTrust(open(t, Options{Dir: t.TempDir(), Home: home}))
	if err := other.addNSS(t.Context(), profile); err != nil {
		t.Fatal(err)
	}
	if out, err := new(trust).run(t.Context(), "certutil", "-L", "-d", "sql:"+profile, "-n", nickname, "-a"); err != nil || !sameText(out, other.text) {
		t.Errorf("%v: %s", err, out)
	}
}

// Without any store the line says what to do, and nothing fails.
func TestNobodyTrustsIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var log bytes.Buffer
	s := open(t, Options{Dir: t.TempDir(), Home: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.Trust(t.Context())
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), s.Root()) {
		t.Errorf("log: %s", log.String())
	}
}

// roll is what a parent keeps of its children.
type roll struct{ running, ended []int }

func (r *roll) Start(start func() (int, error)) error {
	pid, err := start()
	r.running = append(r.running, pid)
	return err
}

func (r *roll) Ended(pid int) { r.ended = append(r.ended, pid) }

// Who reaps the orphans of the application leaves these processes alone.
func TestProcessesAreTold(t *testing.T) {
	r := &roll{}
	tr := &trust{children: r}
	if out, err := tr.run(t.Context(), "echo", "done"); err != nil || string(out) != "done\n" {
		t.Errorf("%q, %v", out, err)
	}
	if len(r.running) != 1 || !slices.Equal(r.running, r.ended) {
		t.Errorf("%+v", r)
	}
	if _, err := tr.run(t.Context(), "/nonexistent"); err == nil {
		t.Error("nothing was run")
	}
}
