package pebble

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say how the authority behaves.
type Options struct {
	HTTPPort, TLSPort int           // where it looks for challenges
	Life              time.Duration // of certificates; default: 90 days
	Blocked           []string      // names that it refuses
	BadNonces         int           // how many of 100 requests it has repeated
	DNS               *DNS          // who it asks; default: all names are 127.0.0.1
}

// CA is a running authority.
type CA struct {
	URL  string // of its directory
	Root string // a PEM file with the root of the directory's own certificate

	options Options
	dir     string
	manage  string // where it is asked for its root
	process *program
	issuer  func() ([]byte, error) // asks once: it is another after a restart
}

// Start runs an authority until the test ends.
func Start(t testing.TB, o Options) *CA {
	t.Helper()
	need(t, "pebble")
	if o.DNS == nil {
		o.DNS = StartDNS(t)
	}
	ca := &CA{options: o, dir: t.TempDir()}
	ca.Root = newServerCertificate(t, ca.dir)
	listen, manage := FreePort(t), FreePort(t)
	ca.URL = "https://127.0.0.1:" + listen + "/dir"
	ca.manage = "https://127.0.0.1:" + manage
	ca.configure(t, listen, manage)
	ca.Restart(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("pebble's log ends:\n%s", ca.process.tail())
		}
		ca.Stop()
	})
	return ca
}

func (ca *CA) configure(t testing.TB, listen, manage string) {
	life := ca.options.Life
	if life == 0 {
		life = 90 * 24 * time.Hour
	}
	config := map[string]any{"pebble": map[string]any{
		"listenAddress": "127.0.0.1:" + listen, "managementListenAddress": "127.0.0.1:" + manage,
		"certificate": filepath.Join(ca.dir, "cert.pem"), "privateKey": filepath.Join(ca.dir, "key.pem"),
		"httpPort": ca.options.HTTPPort, "tlsPort": ca.options.TLSPort,
		"domainBlocklist": ca.options.Blocked, "keyAlgorithm": "ecdsa",
		"retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles":   map[string]any{"default": map[string]any{"description": "of the test", "validityPeriod": int(life.Seconds())}},
	}}
	text, err := json.Marshal(config)
	if err == nil {
		err = os.WriteFile(filepath.Join(ca.dir, "config.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Stop ends the authority, which forgets all that it knew.
func (ca *CA) Stop() { ca.process.stop() }

// Restart starts the authority anew, at the same address.
func (ca *CA) Restart(t testing.TB) {
	t.Helper()
	ca.process = run(t, []string{
		"PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0", "PEBBLE_WFE_NONCEREJECT=" + strconv.Itoa(ca.options.BadNonces),
	}, "pebble", "-config", filepath.Join(ca.dir, "config.json"), "-dnsserver", ca.options.DNS.address)
	ca.process.await(t, func() bool {
		_, err := get(ca.client(t), ca.URL)
		return err == nil
	})
	ca.issuer = sync.OnceValues(func() ([]byte, error) { return get(ca.client(t), ca.manage+"/roots/0") })
}

// Orders is how many orders there were since the start.
func (ca *CA) Orders() int {
	return strings.Count(ca.process.text(), "Added order")
}

// IssuerPEM is the root of the certificates that it gives; another after a restart.
func (ca *CA) IssuerPEM(t testing.TB) []byte {
	t.Helper()
	text, err := ca.issuer()
	if err != nil {
		t.Error(err)
	}
	return text
}

// Hurry has the authority say by ARI (RFC 9773) that a certificate is to be replaced now,
// as Let's Encrypt does when it has revoked one.
func (ca *CA) Hurry(t testing.TB, cert *x509.Certificate) {
	t.Helper()
	window := map[string]time.Time{"start": time.Now().Add(-2 * time.Hour).UTC(), "end": time.Now().Add(-time.Hour).UTC()}
	answer, err := json.Marshal(map[string]any{"suggestedWindow": window})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"Certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})), "ARIResponse": string(answer),
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := ca.client(t).Post(ca.manage+"/set-renewal-info/", "application/json", bytes.NewReader(text))
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response, err)
	}
	_ = response.Body.Close()
}

func get(client *http.Client, url string) ([]byte, error) {
	response, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// Roots is who has to be believed to ask the authority.
func (ca *CA) Roots(t testing.TB) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(ca.Root)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}

func (ca *CA) client(t testing.TB) *http.Client {
	return &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: ca.Roots(t)}},
	}
}

// DNS is a DNS server for tests. Every name is 127.0.0.1.
type DNS struct {
	address, manage string
}

// StartDNS runs one until the test ends.
func StartDNS(t testing.TB) *DNS {
	t.Helper()
	need(t, "pebble-challtestsrv")
	d := &DNS{address: "127.0.0.1:" + FreePort(t), manage: "127.0.0.1:" + FreePort(t)}
	p := run(t, nil, "pebble-challtestsrv", "-dnsserver", d.address, "-management", d.manage,
		"-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv6", "")
	t.Cleanup(p.stop)
	p.await(t, func() bool {
		conn, err := net.Dial("tcp", d.manage)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return d
}

// Present adds a TXT record.
func (d *DNS) Present(ctx context.Context, name, value string) error {
	return d.tell(ctx, "/set-txt", map[string]string{"host": name + ".", "value": value})
}

// CleanUp removes all TXT records of a name.
func (d *DNS) CleanUp(ctx context.Context, name, _ string) error {
	return d.tell(ctx, "/clear-txt", map[string]string{"host": name + "."})
}

func (d *DNS) tell(ctx context.Context, path string, what map[string]string) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+d.manage+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// FreePort is a port of loopback on which nobody listens.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func need(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed: make test fetches it", name)
	}
}

// program is a running program and what it writes.
type program struct {
	cmd   *exec.Cmd
	ended chan struct{}

	mu     sync.Mutex
	output bytes.Buffer
}

func run(t testing.TB, env []string, name string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(name, args...), ended: make(chan struct{})}
	p.cmd.Env = append(slices.Clip(os.Environ()), env...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	return p
}

// Write keeps output.
func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

func (p *program) tail() string {
	text := p.text()
	return text[max(0, len(text)-4000):]
}

func (p *program) stop() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// await waits until the program answers.
func (p *program) await(t testing.TB, answers func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(20 * time.Second); !answers(); <-ticker.C {
		select {
		case <-p.ended:
			t.Fatalf("%s has ended:\n%s", p.cmd.Path, p.tail())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not answer:\n%s", p.cmd.Path, p.tail())
		}
	}
}
