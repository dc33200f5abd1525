package acme

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"highball/e2e/harness"
	"highball/e2e/pebble"
)

// startLocal runs a server with a certificate for development, of a user with a home of
// his own and certutil, which is all that the server finds to have it trusted by.
func startLocal(t *testing.T) (s *harness.Server, home, port, root string) {
	t.Helper()
	home, port = t.TempDir(), pebble.FreePort(t)
	programs := t.TempDir()
	for _, name := range []string{"python3", "certutil"} {
		if path, err := exec.LookPath(name); err == nil {
			if err := os.Symlink(path, filepath.Join(programs, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := filepath.Join(home, "acme")
	s = harness.Start(t, harness.Options{App: "hello", Python: "python3",
		Args: []string{"--local-https", "--acme-dir", dir, "--bind", "https://127.0.0.1:" + port, "--workers", "1"},
		Env:  []string{"HOME=" + home, "PATH=" + programs}})
	return s, home, port, filepath.Join(dir, "local", "root.pem")
}

func TestLocalCertificateAndCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	_, _, port, root := startLocal(t)
	for _, host := range []string{"localhost", "127.0.0.1"} {
		out, err := exec.Command("curl", "--silent", "--show-error", "--cacert", root, "https://"+host+":"+port+"/").CombinedOutput()
		if err != nil || string(out) != "hello" {
			t.Errorf("%s: %v: %s", host, err, out)
		}
	}
	if out, err := exec.Command("curl", "--silent", "https://localhost:"+port+"/").CombinedOutput(); err == nil {
		t.Errorf("curl trusts what nobody has told it to: %s", out)
	}
}

// A browser of the same user shows the page without a word.
func TestLocalCertificateAndChromium(t *testing.T) {
	for _, name := range []string{"chromium", "certutil"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(name + " is not installed")
		}
	}
	s, home, port, _ := startLocal(t)
	line := s.WaitText(t, "local certificate: ")
	if !strings.Contains(line.Text("trusted_by"), filepath.Join(home, ".pki", "nssdb")) {
		t.Errorf("line %s", line.Raw)
	}
	page := func(home string) string {
		cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
			"--user-data-dir="+t.TempDir(), "--virtual-time-budget=5000", "--timeout=20000", "--dump-dom", "https://localhost:"+port+"/")
		cmd.Env = append(os.Environ(), "HOME="+home)
		cmd.WaitDelay = time.Second
		stop := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		defer stop.Stop()
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("chromium: %v", err)
		}
		return string(out)
	}
	if text := page(home); !strings.Contains(text, ">hello<") {
		t.Errorf("the page: %.2000s", text)
	}
	if text := page(t.TempDir()); strings.Contains(text, ">hello<") {
		t.Error("another user's browser trusts it as well: the test shows nothing")
	}
}
