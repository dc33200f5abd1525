package peer

import (
	"os/exec"
	"testing"
)

// Find finds a program, or skips the test. Those that serve are where the PATH of users
// who are not root may not lead.
func Find(t testing.TB, program string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(dir + program); err == nil {
			return path
		}
	}
	t.Skip(program + " is not installed")
	return ""
}
