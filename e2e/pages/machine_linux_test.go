package pages

import (
	"bufio"
	"bytes"
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

// machine has a network, processes and some directories of its own: ports and paths
// are those that the pages name.
type machine struct {
	t    *testing.T
	root *exec.Cmd
	pid  string // of its first process
}

// shell makes the machine's directories; what it prints last says that it is ready. The
// copies are what programs find there and may change. Nothing else is the machine's own.
const shell = `set -e
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs /run
for dir in /etc/nginx /etc/apache2 /etc/systemd/system; do
  [ -d $dir ] || continue
  mkdir -p /run/copy$dir; cp -a $dir/. /run/copy$dir/; mount --bind /run/copy$dir $dir
done
for dir in /srv /var/log /var/lib /usr/local/bin; do mount -t tmpfs -o mode=755 tmpfs $dir; done
mkdir -p /run/lock /var/log/nginx /var/log/apache2 /var/lib/nginx /var/lib/apache2 /run/apache2
echo ready
exec sleep infinity
`

// newMachine starts a machine with the files of testdata/NAME, or skips the test.
func newMachine(t *testing.T, name string) *machine {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	for _, program := range []string{"unshare", "nsenter", "ip", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	if out, err := exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/run").CombinedOutput(); err != nil {
		t.Skipf("no namespaces can be made here: %v: %s", err, out)
	}
	m := &machine{t: t}
	m.root = exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child",
		"sh", "-c", shell)
	stdout, err := m.root.StdoutPipe()
	if err == nil {
		m.root.Stderr = os.Stderr
		err = m.root.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.root.Process.Kill(); _ = m.root.Wait() })
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the machine did not start: %q", line)
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", m.root.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	m.pid = strings.TrimSpace(string(children))
	m.put(harness.Binary(), "/usr/local/bin/highball")
	m.fill(filepath.Join("testdata", name))
	return m
}

// command is one that runs on the machine, in the project's directory.
func (m *machine) command(line string) *exec.Cmd {
	cmd := exec.Command("nsenter", "--target", m.pid, "--net", "--mount", "--pid", "sh", "-c", "cd /srv/shop && exec "+line)
	cmd.Env = append(harness.CleanEnviron(),
		"PATH=/srv/shop/.venv/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "PIP_NO_INDEX=1", "PIP_DISABLE_PIP_VERSION_CHECK=1",
		"PIP_ROOT_USER_ACTION=ignore", "PIP_FIND_LINKS=/srv/wheels")
	return cmd
}

// must runs a command to its end and returns what it printed.
func (m *machine) must(line string) string {
	m.t.Helper()
	out, err := m.command(line).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// put copies a file of ours to the machine.
func (m *machine) put(from, to string) {
	m.t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		m.t.Fatal(err)
	}
	m.write(to, data)
	m.in("chmod 755 " + to)
}

// write has a file of the machine say data.
func (m *machine) write(path string, data []byte) {
	m.t.Helper()
	cmd := exec.Command("nsenter", "--target", m.pid, "--mount", "sh", "-c", "mkdir -p $(dirname "+path+") && cat > "+path)
	cmd.Stdin = bytes.NewReader(data)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("%s: %v\n%s", path, err, out)
	}
}

// in runs a command on the machine that is none of a page's.
func (m *machine) in(line string) string {
	m.t.Helper()
	out, err := exec.Command("nsenter", "--target", m.pid, "--net", "--mount", "--pid", "sh", "-c", line).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// fill copies a directory of testdata, whose paths are those on the machine, over what
// every machine has: the shop, and a virtualenv for it.
func (m *machine) fill(dir string) {
	m.t.Helper()
	m.in("mkdir -p /srv/shop")
	for _, from := range []string{filepath.Join("testdata", "all"), dir} {
		err := filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				m.put(path, "/"+strings.TrimPrefix(path, from+"/"))
			}
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			m.t.Fatal(err)
		}
	}
	venv(m)
}

// venv makes the shop's virtualenv: one that has what the tests' has, and that users who
// may not see where the tests are may use.
func venv(m *machine) {
	m.t.Helper()
	found, err := exec.Command("python3", "-c", "import flask, pip, os, sys; print(os.path.dirname(os.path.dirname(flask.__file__)), sys.base_prefix)").Output()
	fields := strings.Fields(string(found))
	if err != nil || len(fields) != 2 {
		m.t.Skip("python3 has no Flask: make test makes a virtualenv that has")
	}
	python, packages := fields[1], fields[0]
	for from, to := range map[string]string{python: "/srv/python", packages: "/srv/packages"} {
		m.in("mkdir " + to + " && mount --bind " + from + " " + to)
	}
	if python != "/usr" { // that all may use
		python = "/srv/python"
	}
	m.in(python + "/bin/python3 -m venv --without-pip /srv/shop/.venv")
	m.in("echo /srv/packages > $(echo /srv/shop/.venv/lib/python3*/site-packages)/tests.pth")
	m.write("/srv/shop/.venv/bin/pip", []byte("#!/bin/sh\nexec python -m pip \"$@\"\n"))
	m.in("chmod 755 /srv/shop/.venv/bin/pip")
}

// listens is what servers say when they are ready: ours, and programs of the pages.
var listens = regexp.MustCompile(`(?i)listening (on|at)|serving|running on|Ctrl-C stops it`)

// service is a server that a command of a page has started.
type service struct {
	m    *machine
	line string
	cmd  *exec.Cmd
	log  *harness.Record
	end  chan error
}

// start starts a server and waits until it listens.
func (m *machine) start(line string) *service {
	m.t.Helper()
	s := &service{m: m, line: line, cmd: m.command(line), log: &harness.Record{}, end: make(chan error, 1)}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func() { s.end <- s.cmd.Wait() }()
	harness.Eventually(m.t, line+" listens", func() bool {
		select {
		case err := <-s.end:
			m.t.Fatalf("%s ended: %v\n%s", line, err, s.log)
		default:
		}
		return listens.MatchString(s.log.String())
	})
	return s
}

// stop ends the server as its service manager would.
func (s *service) stop() {
	s.m.t.Helper()
	for _, child := range children(s.cmd.Process.Pid) {
		_ = syscall.Kill(child, syscall.SIGTERM)
	}
	err := <-s.end
	if err != nil && !strings.HasPrefix(s.line, "python ") { // a program's end is its own affair
		s.m.t.Errorf("%s: %v\n%s", s.line, err, s.log)
	}
}

// children are the processes that nsenter has started: signals are for them.
func children(pid int) (pids []int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	for _, field := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(field); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}
