package harness

import (
	"os/exec"
	"strings"
	"testing"
)

// Ctl runs `ctl` of the binary for the server at a control socket, and returns what
// it printed and its exit code.
func Ctl(t testing.TB, binary, socket string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"ctl", "--control", socket}, args...)...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
