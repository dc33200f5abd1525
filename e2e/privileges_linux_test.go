package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// tellsWhoItIs answers with what the kernel says of the worker, and with what the umask
// was when the application was imported.
const tellsWhoItIs = `
import os
with open("/proc/self/status") as f:
    at_import = [line for line in f if line.startswith("Umask")][0]

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    with open("/proc/self/status") as f:
        return [("At" + at_import + "Parent:\t%d\n" % os.getppid() + f.read()).encode()]
`

// person is a user that the test makes, with a group beside its own.
type person struct {
	name     string
	uid, gid int
	other    int // a supplementary group
}

func newPerson(t *testing.T) person {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may become another user")
	}
	if _, err := exec.LookPath("useradd"); err != nil {
		t.Skip("useradd is not installed: it is in Debian's package passwd")
	}
	name := fmt.Sprintf("hbtest%d", os.Getpid())
	manage(t, "groupadd", name+"x")
	t.Cleanup(func() { manage(t, "groupdel", name+"x") })
	manage(t, "useradd", "--no-create-home", "--groups", name+"x", name)
	t.Cleanup(func() { manage(t, "userdel", name) })
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	g, err := user.LookupGroup(name + "x")
	if err != nil {
		t.Fatal(err)
	}
	a := person{name: name}
	a.uid, _ = strconv.Atoi(u.Uid)
	a.gid, _ = strconv.Atoi(u.Gid)
	a.other, _ = strconv.Atoi(g.Gid)
	return a
}

func manage(t *testing.T, command ...string) {
	t.Helper()
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", command, err, out)
	}
}

// public is a directory that other users may look into, with the application and a
// copy of the binary: t.TempDir is root's alone.
func public(t *testing.T) (dir, binary string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "highball-public-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary = filepath.Join(dir, "bin", "highball")
	harness.CopyBinary(t, binary)
	if err := os.WriteFile(filepath.Join(dir, "wsgi.py"), []byte(tellsWhoItIs), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, binary
}

// publicPython is one that every user may execute: not all are outside of /root.
func publicPython(t *testing.T) string {
	t.Helper()
	for _, p := range harness.Pythons() {
		path, err := filepath.EvalSymlinks(p.Path)
		if err == nil && strings.HasPrefix(path, "/usr/") && strings.HasPrefix(p.Name, "cpython") {
			return path
		}
	}
	if path, err := filepath.EvalSymlinks("/usr/bin/python3"); err == nil {
		return path
	}
	t.Skip("no Python outside of /root")
	return ""
}

// status is /proc/PID/status, by name.
func status(t *testing.T, text string) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.Join(strings.Fields(value), " ")
	}
	return fields
}

func statusOf(t *testing.T, pid int) map[string]string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	return status(t, string(text))
}

// want checks that a process is the user for good.
func (a person) want(t *testing.T, what string, got map[string]string) {
	t.Helper()
	groups := []string{strconv.Itoa(a.gid), strconv.Itoa(a.other)}
	slices.Sort(groups)
	has := strings.Fields(got["Groups"])
	slices.Sort(has)
	want := map[string]string{
		"Uid": strings.TrimSpace(strings.Repeat(strconv.Itoa(a.uid)+" ", 4)),
		"Gid": strings.TrimSpace(strings.Repeat(strconv.Itoa(a.gid)+" ", 4)), "Umask": "0027",
		"CapEff": noCapabilities, "CapPrm": noCapabilities, "CapInh": noCapabilities, "CapAmb": noCapabilities,
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: %s is %s, want %s", what, name, got[name], value)
		}
	}
	if !slices.Equal(has, groups) {
		t.Errorf("%s: the groups are %v, want %v", what, has, groups)
	}
}

const noCapabilities = "0000000000000000"

// lowPort is an address that only root may bind, as a rule.
func lowPort(t *testing.T) string {
	t.Helper()
	for port := 1023; port > 900; port-- {
		address := "127.0.0.1:" + strconv.Itoa(port)
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Skip("no free port below 1024")
	return ""
}

// Started by root, everything is the user from before the first line of Python on:
// front, zygote and workers, also after a binary upgrade.
func TestBecomesAUser(t *testing.T) {
	a := newPerson(t)
	dir, binary := public(t)
	private := t.TempDir() // root's alone
	log, control := filepath.Join(dir, "access.log"), filepath.Join(private, "c")
	s := harness.Start(t, harness.Options{
		App: "wsgi.py", Dir: dir, Binary: binary, Python: publicPython(t), Upgraded: true, Unbound: true, Owner: a.uid,
		Args: []string{
			"--user", a.name, "--umask", "027", "--workers", "2", "--control", control, "--access-log", log,
			"--bind", lowPort(t), "--bind", "unix:" + filepath.Join(private, "s") + "?mode=600",
		},
	})
	for _, what := range []string{"at first", "after an upgrade"} {
		a.want(t, what+": front", statusOf(t, s.PID))
		worker := status(t, s.Get(t, "/").Body)
		a.want(t, what+": worker", worker)
		if worker["AtUmask"] != "0027" {
			t.Errorf("%s: imported with the umask %s", what, worker["AtUmask"])
		}
		zygote, _ := strconv.Atoi(worker["Parent"])
		a.want(t, what+": zygote", statusOf(t, zygote))
		for _, socket := range []string{control, log} {
			wantOwner(t, socket, a)
		}
		if what == "at first" {
			old := s
			s = s.Upgrade(t)
			if err := old.Exit(); err != nil {
				t.Error(err)
			}
		}
	}
	if got := harness.AskControl(t, control); got.State != "ready" {
		t.Errorf("root asks: the server is %s", got.State)
	}
	if err := s.Signal(syscall.SIGUSR1); err != nil {
		t.Error(err)
	}
	s.Get(t, "/").WantStatus(t, 200)
	if n := s.Count("cannot be opened again"); n > 0 {
		t.Error("the user cannot open the access log again")
	}
	_ = os.Remove(control) // it is in a directory of root's, where the user may remove nothing
}

func wantOwner(t *testing.T, path string, a person) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Error(err)
		return
	}
	if st := info.Sys().(*syscall.Stat_t); int(st.Uid) != a.uid || int(st.Gid) != a.gid {
		t.Errorf("%s belongs to %d:%d, want %d:%d", path, st.Uid, st.Gid, a.uid, a.gid)
	}
}

// Who is not root can become nobody else, and says so before anything is started; who
// is that user already is.
func TestOnlyRootBecomesAUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start a server as others")
	}
	dir, binary := public(t)
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("this machine has no user nobody")
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	as := func(uid, gid int) *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	cmd := exec.Command(binary, "run", "wsgi.py", "--chdir", dir, "--user", "nobody", "--control", "off", "--bind", "127.0.0.1:0")
	cmd.Env = harness.CleanEnviron()
	cmd.SysProcAttr = as(4712, 4711)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "only root may become another user") || strings.Contains(string(out), "python") {
		t.Errorf("%v\n%s", err, out)
	}
	s := harness.Start(t, harness.Options{
		App: "wsgi.py", Dir: dir, Binary: binary, Python: publicPython(t), Owner: uid, Process: as(uid, gid),
		Args: []string{"--user", "nobody", "--control", "off"},
	})
	if got := status(t, s.Get(t, "/").Body); !strings.HasPrefix(got["Uid"], nobody.Uid+" ") {
		t.Errorf("the worker is %s", got["Uid"])
	}
}

// A server of an ordinary user may be given the capability to bind low ports. The
// application does not get it.
func TestCapabilityIsForBindingOnly(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a capability")
	}
	dir, binary := public(t)
	const bindService = 10 // CAP_NET_BIND_SERVICE
	s := harness.Start(t, harness.Options{
		App: "wsgi.py", Dir: dir, Binary: binary, Python: publicPython(t), Owner: 4712, Unbound: true,
		Process: &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4712, Gid: 4711}, AmbientCaps: []uintptr{bindService}},
		Args:    []string{"--bind", lowPort(t), "--control", "off"},
	})
	if front := statusOf(t, s.PID); front["CapEff"] != "0000000000000400" {
		t.Errorf("the front has %s: this proves nothing", front["CapEff"])
	}
	worker := status(t, s.Get(t, "/").Body)
	zygote, _ := strconv.Atoi(worker["Parent"])
	for what, got := range map[string]map[string]string{"worker": worker, "zygote": statusOf(t, zygote)} {
		for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
			if got[set] != noCapabilities {
				t.Errorf("%s: %s is %s", what, set, got[set])
			}
		}
	}
}
