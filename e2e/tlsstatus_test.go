package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// Who asks at night sees which certificate is served until when, and that its successor
// cannot be.
func TestStatusTellsOfCertificates(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	s := secureSite(t, "hello", "--control", socket)
	response, err := s.client(t, true).Get("https://" + s.SecureAddress(t) + "/")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	status := func() string {
		out, errs, code := harness.Ctl(t, harness.Binary(), socket, "status")
		if code != 0 {
			t.Fatal(errs)
		}
		return out
	}
	has := func(out string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	}
	has(status(), "\nhandshakes   1, 0 of them resumed; 0 failed", "\ncertificates 1, the first until ", "(127.0.0.1, a.test)\n")
	if err := os.WriteFile(s.cert, []byte("-----BEGIN CERTIFICATE-----\nMIIB"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.WaitText(t, "a certificate cannot be taken")
	has(status(), "    127.0.0.1, a.test: the files as they are now cannot be taken: ", "not written whole")
}

// A redirect to https that nobody could follow is told of at the start, and no other.
func TestRedirectForEver(t *testing.T) {
	const says = "redirect-https has all requests redirected"
	run := func(args ...string) int {
		s := harness.Start(t, harness.Options{App: "hello", Python: harness.Newest(t).Path, Args: append(args, "--redirect-https")})
		return s.Count(says)
	}
	if run() != 1 {
		t.Error("no warning")
	}
	if run("--trusted-proxies", "127.0.0.1") != 0 || secureSite(t, "hello", "--redirect-https").Count(says) != 0 {
		t.Error("a warning of what can be followed")
	}
}
