package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// A client of others that multiplexes: all its requests are answered, by TLS and not.
func TestHTTP2ByH2load(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("h2load"); err != nil {
		t.Skip("h2load is not installed")
	}
	s := secureSite(t, "hello")
	for _, url := range []string{"http://" + s.Address + "/", "https://" + s.SecureAddress(t) + "/"} {
		out, err := exec.Command("h2load", "-n", "2000", "-c", "4", "-m", "32", url).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "2000 done, 2000 succeeded, 0 failed, 0 errored") {
			t.Errorf("%s: %v\n%s", url, err, out)
		}
		if protocol := map[bool]string{true: "Application protocol: h2\n", false: "Application protocol: h2c\n"}[strings.HasPrefix(url, "https:")]; !strings.Contains(string(out), protocol) {
			t.Errorf("%s: not by %q:\n%s", url, protocol, out)
		}
	}
}
