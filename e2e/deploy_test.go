package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// unit is a file of deploy/systemd.
func unit(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "deploy", "systemd", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// value is what the last line of a unit that sets key says.
func value(t *testing.T, unit, key string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllStringSubmatch(unit, -1)
	if found == nil {
		t.Fatalf("the unit has no %s", key)
	}
	return found[len(found)-1][1]
}

// units puts both files into a directory as they would be on a machine: with a program
// and a directory that exist.
func units(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	service := strings.ReplaceAll(unit(t, "highball.service"), "/usr/local/bin/highball", harness.Binary())
	service = strings.ReplaceAll(service, "/srv/mysite", dir)
	for name, text := range map[string]string{"highball.service": service, "highball.socket": unit(t, "highball.socket")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func analyze(t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: it is in Debian's package systemd")
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// systemd finds nothing wrong with the units, but that an old one does not know a type.
func TestUnitsAreValid(t *testing.T) {
	dir := units(t)
	out := analyze(t, "verify", "--man=no", filepath.Join(dir, "highball.service"), filepath.Join(dir, "highball.socket"))
	for line := range strings.Lines(out) {
		if !strings.Contains(line, "Failed to parse service type, ignoring: notify-reload") {
			t.Error(line)
		}
	}
}

// exposure is the most that "systemd-analyze security" may find; 10 is no hardening.
const exposure = 1.5

func TestUnitsAreHardened(t *testing.T) {
	out := analyze(t, "security", "--offline=true", "--no-pager", filepath.Join(units(t), "highball.service"))
	found := regexp.MustCompile(`Overall exposure level for highball.service: ([0-9.]+)`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no exposure level in\n%s", out)
	}
	if level, _ := strconv.ParseFloat(found[1], 64); level > exposure {
		t.Errorf("the exposure level is %s, want %v at most:\n%s", found[1], exposure, out)
	}
}

// The very command line of the unit, started as systemd would: sockets by the names of
// the socket unit, the manager's socket, the watchdog. Only paths differ.
func TestUnitStarts(t *testing.T) {
	t.Parallel()
	words := strings.Fields(value(t, unit(t, "highball.service"), "ExecStart"))
	if len(words) < 3 || words[1] != "run" {
		t.Fatalf("ExecStart is %q", words)
	}
	seconds, err := strconv.Atoi(value(t, unit(t, "highball.service"), "WatchdogSec"))
	if err != nil {
		t.Fatal(err)
	}
	dir, m := t.TempDir(), newManager(t)
	app, socket := filepath.Join(dir, "front.py"), filepath.Join(dir, "systemd")
	if err := os.WriteFile(app, []byte(tellsItsFront), 0o600); err != nil {
		t.Fatal(err)
	}
	args := words[3:]
	for i, arg := range args {
		if strings.HasPrefix(arg, "/run/") {
			args[i] = filepath.Join(dir, "ctl")
		}
	}
	name := value(t, unit(t, "highball.socket"), "FileDescriptorName")
	options := activated(t, harness.Options{
		App: app, Dir: dir, Python: harness.Newest(t).Path, Unbound: true, Args: args, Env: []string{"NOTIFY_SOCKET=" + m.path},
	}, socket, name+":"+name)
	options.Around = append(options.Around, "-E", fmt.Sprintf("WATCHDOG_USEC=%d", seconds*1e6))
	s := harness.Start(t, options)
	m.hears(t, "READY=1")
	s.Get(t, "/").Want(t, 200, fmt.Sprint(s.PID))
	m.hears(t, "WATCHDOG=1")
	if got := harness.AskControl(t, filepath.Join(dir, "ctl")); got.State != "ready" {
		t.Errorf("the state is %s", got.State)
	}
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Error(err)
	}
	m.hears(t, "RELOADING=1")
	m.hears(t, "READY=1")
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	m.hears(t, "STOPPING=1")
}
