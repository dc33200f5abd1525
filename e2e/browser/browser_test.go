// Package browser has a real browser load a page from Highball, by a certificate of a CA
// that it was told to trust.
package browser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
	"highball/internal/certs/certstest"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// chromium is a browser with a profile of its own.
type chromium struct {
	path, home string
	flags      []string
}

// newChromium skips the test where there is no Chromium, or nothing by which it can be
// told of a CA.
func newChromium(t *testing.T, ca *certstest.Issuer) *chromium {
	t.Helper()
	c := &chromium{home: t.TempDir()}
	var err error
	if c.path, err = exec.LookPath("chromium"); err != nil {
		t.Skip("chromium is not installed")
	}
	if _, err := exec.LookPath("certutil"); err != nil {
		t.Skip("certutil is not installed: it is in Debian's package libnss3-tools")
	}
	store := filepath.Join(c.home, ".pki", "nssdb")
	if err := os.MkdirAll(store, 0o700); err != nil {
		t.Fatal(err)
	}
	file := certstest.Write(t, filepath.Join(c.home, "ca.pem"), ca.PEM)
	c.run(t, "certutil", "-N", "-d", "sql:"+store, "--empty-password")
	c.run(t, "certutil", "-A", "-d", "sql:"+store, "-n", "a root", "-t", "C,,", "-i", file)
	return c
}

func (c *chromium) run(t *testing.T, name string, args ...string) (stdout string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*harness.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "HOME="+c.home, "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s\n%.4000s", name, err, out.String(), errs.String())
	}
	return out.String()
}

// load returns what the page has become once all of it is there. There is a screenshot of
// it, too: HIGHBALL_TEST_SCREENSHOTS names the directory that keeps it.
func (c *chromium) load(t *testing.T, url string) (dom string) {
	t.Helper()
	picture := filepath.Join(c.home, "page.png")
	if dir := os.Getenv("HIGHBALL_TEST_SCREENSHOTS"); dir != "" {
		picture = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".png")
	}
	flags := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
		"--user-data-dir=" + filepath.Join(c.home, "profile"), "--window-size=800,600", "--screenshot=" + picture, "--dump-dom",
	}, c.flags...)
	dom = c.run(t, c.path, append(flags, url)...)
	if image, err := os.ReadFile(picture); err != nil || !strings.HasPrefix(string(image), "\x89PNG") {
		t.Errorf("the screenshot: %d bytes, %v", len(image), err)
	}
	return dom
}

// page is a Highball that serves the page of 50 resources by https.
type page struct {
	*harness.Server
	ca      *certstest.Issuer
	options harness.Options
}

func newPage(t *testing.T, binds ...string) *page {
	t.Helper()
	p := &page{ca: certstest.Root(t, "a root")}
	dir, issued := t.TempDir(), p.ca.Issue(t, []string{"a.test"})
	args := []string{
		"--workers", "1",
		"--certfile", certstest.Write(t, filepath.Join(dir, "cert.pem"), issued.Cert),
		"--keyfile", certstest.Write(t, filepath.Join(dir, "key.pem"), issued.Key),
	}
	for _, bind := range binds {
		args = append(args, "--bind", bind)
	}
	p.options = harness.Options{App: "page", Python: harness.Newest(t).Path, Args: args}
	return p
}

func (p *page) start(t *testing.T) { t.Helper(); p.Server = harness.Start(t, p.options) }

// seen are the protocols by which a path was asked for, in order.
func (p *page) seen(t *testing.T) (protocols []string) {
	t.Helper()
	var all [][2]string
	p.Get(t, "/seen").JSON(t, &all)
	for _, entry := range all {
		if entry[0] != "/favicon.ico" {
			protocols = append(protocols, entry[1])
		}
	}
	return protocols
}

const resources = 50

// wantAll checks that all of the page was there, and each part of it asked for once, by
// this protocol.
func (p *page) wantAll(t *testing.T, dom, protocol string) {
	t.Helper()
	if !strings.Contains(dom, `<p id="came">50 of 50</p>`) {
		t.Errorf("not all has come:\n%.2000s", dom)
	}
	protocols := p.seen(t)
	if want := slices.Repeat([]string{protocol}, resources+1); !slices.Equal(protocols, want) {
		t.Errorf("asked for by %v", protocols)
	}
	if n := p.Count("a request was refused"); n > 0 {
		t.Errorf("%d requests were refused", n)
	}
}

// By ALPN all of the page comes by HTTP/2.
func TestChromiumByHTTP2(t *testing.T) {
	t.Parallel()
	p := newPage(t, "https://127.0.0.1:0")
	p.start(t)
	c := newChromium(t, p.ca)
	c.flags = []string{"--host-resolver-rules=MAP a.test " + p.SecureAddress(t), "--disable-quic"}
	p.wantAll(t, c.load(t, "https://a.test/"), "HTTP/2.0")
}

// Chromium speaks HTTP/3 with those alone whose certificate is of a public CA, or with
// whom it is told to.
func TestChromiumByHTTP3(t *testing.T) {
	t.Parallel()
	address := peer.FreeAddress(t)
	p := newPage(t, "https://"+address, "h3://"+address)
	p.start(t)
	c := newChromium(t, p.ca)
	c.flags = []string{"--host-resolver-rules=MAP a.test " + address, "--enable-quic", "--origin-to-force-quic-on=a.test:443"}
	p.wantAll(t, c.load(t, "https://a.test/"), "HTTP/3.0")
}
