package hostile

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"highball/e2e/harness"
)

// slowhttptest attacks as others measure servers by it: the server has to be
// available to its probe all the time. mode says which attack.
func slowhttptest(t *testing.T, path string, mode ...string) {
	t.Helper()
	command, err := exec.LookPath("slowhttptest")
	if err != nil {
		t.Skip("slowhttptest is not installed: apt-get install slowhttptest")
	}
	needDescriptors(t, scaled(1000, 200))
	s := perform(t)
	s.wantAvailable(command, append(mode, "-u", s.URL(path))...)
	s.settles()
	s.leavesNoGoroutine()
}

func TestSlowHTTPTestHeaders(t *testing.T) {
	slowhttptest(t, "/quick", "-H", "-i", "2", "-x", "24")
}

func TestSlowHTTPTestRange(t *testing.T) {
	slowhttptest(t, "/file", "-R", "-a", "1", "-b", "3000")
}

// wantAvailable runs the command and reads its table, which has a line a second.
func (s *scene) wantAvailable(command string, flags ...string) {
	s.t.Helper()
	table := filepath.Join(s.t.TempDir(), "table")
	connections, seconds := strconv.Itoa(scaled(1000, 200)), strconv.Itoa(scaled(20, 5))
	flags = append(flags, "-c", connections, "-r", connections, "-l", seconds, "-p", "3", "-g", "-o", table)
	ctx, cancel := context.WithTimeout(s.t.Context(), scaled(2*time.Minute, harness.Patience))
	defer cancel()
	if out, err := exec.CommandContext(ctx, command, flags...).CombinedOutput(); err != nil {
		s.t.Fatalf("slowhttptest %q: %v\n%s", flags, err, out)
	}
	text, err := os.ReadFile(table + ".csv")
	if err != nil {
		s.t.Fatal(err)
	}
	available, made := 0, 0
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")[1:] // Seconds,Closed,Pending,Connected,Service Available
	for _, line := range lines {
		cells := strings.Split(line, ",")
		if len(cells) != 5 {
			s.t.Fatalf("%q is no line of slowhttptest's table", line)
		}
		closed, _ := strconv.Atoi(cells[1])
		connected, _ := strconv.Atoi(cells[3])
		if made = max(made, closed+connected); cells[4] != "0" {
			available++
		}
	}
	s.t.Logf("available in %d of %d seconds, with %d connections", available, len(lines), made)
	if available != len(lines) || len(lines) < 2 || made < scaled(1000, 200)/2 {
		s.t.Errorf("slowhttptest %q:\n%s", flags, text)
	}
}
