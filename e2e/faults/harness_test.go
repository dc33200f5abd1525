package faults

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should take milliseconds.
const patience = 30 * time.Second

// binary is what TestMain has built.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))) // these tests wait more than they compute
	}
	os.Exit(build(m.Run))
}

func build(run func() int) int {
	if binary = os.Getenv("HIGHBALL_BINARY"); binary != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "highball-faults-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "highball")
	if out, err := exec.Command("go", "build", "-o", binary, "highball/cmd/highball").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building highball: %v\n%s", err, out)
		return 1
	}
	return run()
}

// python is the real path of python3: a pyenv shim would look for its version
// in the working directory.
var python = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("python3", "-c", "import sys; print(sys.executable, end='')").Output()
	return string(out), err
})

// program is a run of highball.
type program struct {
	t         *testing.T
	dir       string // holds the files of the application
	tmp       string // its $TMPDIR
	cmd       *exec.Cmd
	stderr    *logText
	stdout    *logText
	ctlSocket string // "": a test does not ask highball
	ended     chan struct{}
	known     map[int]bool // processes that were seen below it
}

type setting func(*setup)

type setup struct {
	files   map[string]string
	args    []string
	env     []string
	noStart bool // no APP, --python and --bind are given
	user    *syscall.Credential
	stderr  *os.File
	control string
	wrapper []string          // a command that runs highball
	link    map[string]string // names of symbolic links, and where they lead
}

func files(f map[string]string) setting { return func(s *setup) { maps.Copy(s.files, f) } }
func file(name, text string) setting    { return files(map[string]string{name: text}) }
func args(a ...string) setting          { return func(s *setup) { s.args = append(s.args, a...) } }
func env(e ...string) setting           { return func(s *setup) { s.env = append(s.env, e...) } }
func bare(s *setup)                     { s.noStart = true }

// launch starts highball in a directory of its own and does not wait for it.
// Unless bare is given it serves testdata/app.py on a port that the system chooses.
func launch(t *testing.T, settings ...setting) *program {
	t.Helper()
	interpreter, err := python()
	if err != nil {
		t.Skipf("no python3: %v", err)
	}
	faulty, err := os.ReadFile("testdata/app.py")
	if err != nil {
		t.Fatal(err)
	}
	s := setup{files: map[string]string{}}
	for _, set := range settings {
		set(&s)
	}
	command := []string{"run"}
	if !s.noStart {
		command = append(command, "app:app", "--python", interpreter, "--bind", "127.0.0.1:0", "--log-level", "debug")
		if s.files["app.py"] == "" {
			s.files["app.py"] = string(faulty)
		}
	}
	p := &program{t: t, dir: t.TempDir(), tmp: t.TempDir(), ctlSocket: s.control, ended: make(chan struct{}), known: map[int]bool{}}
	p.stdout, p.stderr = newLogText(), newLogText()
	for name, text := range s.files {
		p.write(name, text)
	}
	for name, target := range s.link {
		if err := os.Symlink(target, p.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	command = append(append(s.wrapper, binary), append(command, s.args...)...)
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Dir = p.dir
	p.cmd.Env = append(cleanEnv(), append([]string{"TMPDIR=" + p.tmp}, s.env...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if s.stderr != nil {
		p.cmd.Stderr = s.stderr
	}
	if s.user != nil {
		p.cmd.Dir = "/" // the test's own directory is closed to others
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.user}
	p.cmd.WaitDelay = patience
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(p.cleanUp)
	return p
}

// cleanEnv is this process's environment without what would steer highball.
func cleanEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "HIGHBALL_") || strings.HasPrefix(e, "VIRTUAL_ENV=") || strings.HasPrefix(e, "PYTHON")
	})
}

// start launches highball and waits until all workers serve.
func start(t *testing.T, workers int, settings ...setting) *program {
	t.Helper()
	p := launch(t, append(settings, args("--workers", strconv.Itoa(workers)))...)
	p.awaitLog("listening on ")
	p.awaitReady(workers)
	return p
}

// awaitReady waits until n workers in all have become ready.
func (p *program) awaitReady(n int) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("%d workers are ready", n), func() bool { return p.stderr.count("worker ready") >= n })
}

// cleanUp kills what is left, which a test must not rely on.
func (p *program) cleanUp() {
	p.descendants()
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
	for pid := range p.known {
		if alive(pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	if p.stderr.has("DATA RACE") || p.stderr.has("goroutine ") {
		p.t.Error("highball raced or panicked")
	}
	if p.t.Failed() {
		p.t.Logf("the log of highball:\n%s", p.stderr.tail(6000))
	}
}

func (p *program) path(name string) string { return filepath.Join(p.dir, name) }

func (p *program) write(name, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(name)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(name), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// noted waits for a file that the application leaves, and returns its text.
func (p *program) noted(name string) (text string) {
	p.t.Helper()
	p.eventually("the application leaves the file "+name, func() bool {
		data, err := os.ReadFile(p.path(name))
		text = string(data)
		return err == nil && text != ""
	})
	return text
}

func (p *program) notedPID(name string) int {
	p.t.Helper()
	pid, err := strconv.Atoi(p.noted(name))
	if err != nil {
		p.t.Fatal(err)
	}
	p.known[pid] = true
	return pid
}

func (p *program) has(name string) bool {
	_, err := os.Stat(p.path(name))
	return err == nil
}

// eventually waits until the condition holds.
func (p *program) eventually(what string, holds func() bool) {
	p.t.Helper()
	p.within(patience, what, holds)
}

func (p *program) within(limit time.Duration, what string, holds func() bool) {
	p.t.Helper()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			p.t.Fatalf("it did not come to pass within %s: %s", limit, what)
		}
	}
}

// awaitLog waits for the text in the log and returns its line.
func (p *program) awaitLog(text string) string {
	p.t.Helper()
	p.eventually("the log says "+text, func() bool {
		if p.stderr.has(text) {
			return true
		}
		select {
		case <-p.ended:
			if !p.stderr.has(text) {
				p.t.Fatalf("highball ended (%s) and its log has no %q:\n%s", p.cmd.ProcessState, text, p.stderr)
			}
		default:
		}
		return false
	})
	return p.stderr.line(text)
}

// exit waits for the end of highball and returns its code.
func (p *program) exit() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("highball does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// wantExit also checks that nothing is left.
func (p *program) wantExit(code int) {
	p.t.Helper()
	if got := p.exit(); got != code {
		p.t.Errorf("exit code %d, want %d", got, code)
	}
	p.nothingLeft(patience)
}

func (p *program) nothingLeft(limit time.Duration) {
	p.t.Helper()
	p.within(limit, "no process is left", func() bool {
		return !slices.ContainsFunc(slices.Collect(maps.Keys(p.known)), alive)
	})
	if left, err := os.ReadDir(p.tmp); err != nil || len(left) > 0 {
		p.t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func (p *program) signal(pid int, sig syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		p.t.Fatalf("kill %d: %v", pid, err)
	}
}

// freeze stops all threads of a process.
func (p *program) freeze(pid int) {
	p.t.Helper()
	p.signal(pid, syscall.SIGSTOP)
	p.eventually("all threads have stopped", func() bool {
		stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		return len(stats) > 0 && !slices.ContainsFunc(stats, func(path string) bool {
			_, state := parentAndState(path)
			return state != "T" && state != ""
		})
	})
}

// Processes.

// parentAndState reads a stat file of /proc; no state means no process.
func parentAndState(path string) (parent int, state string) {
	stat, err := os.ReadFile(path)
	_, rest, ok := strings.Cut(string(stat), ") ")
	if err != nil || !ok {
		return 0, ""
	}
	fields := strings.Fields(rest)
	parent, _ = strconv.Atoi(fields[1])
	return parent, fields[0]
}

// alive says whether the process runs: a zombie does not.
func alive(pid int) bool {
	_, state := parentAndState(fmt.Sprintf("/proc/%d/stat", pid))
	return state != "" && state != "Z" && state != "X"
}

// descendants are the processes below highball, by parent.
func (p *program) descendants() map[int][]int {
	children := map[int][]int{}
	entries, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, entry := range entries {
		parent, state := parentAndState(entry)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(entry)))
		if state != "" && state != "Z" {
			children[parent] = append(children[parent], pid)
		}
	}
	below := map[int][]int{}
	queue := []int{p.cmd.Process.Pid}
	for len(queue) > 0 {
		parent := queue[0]
		queue = append(queue[1:], children[parent]...)
		below[parent] = children[parent]
		for _, pid := range children[parent] {
			p.known[pid] = true
		}
	}
	return below
}

// zygote is the process that highball has started itself.
func (p *program) zygote() int {
	p.t.Helper()
	children := p.descendants()[p.cmd.Process.Pid]
	if len(children) != 1 {
		p.t.Fatalf("highball has the children %v, want its zygote", children)
	}
	return children[0]
}

func (p *program) workers() []int {
	p.t.Helper()
	return p.descendants()[p.zygote()]
}

// HTTP.

var listening = regexp.MustCompile(`listening on (\S+)`)

// addresses are where highball listens.
func (p *program) addresses() (found []string) {
	for _, match := range listening.FindAllStringSubmatch(p.stderr.String(), -1) {
		found = append(found, match[1])
	}
	return found
}

// address is host:port of the first.
func (p *program) address() string {
	return strings.Trim(strings.TrimPrefix(p.addresses()[0], "http://"), "/")
}

// answer is a response, or the error that came instead.
type answer struct {
	status int
	body   string
	header http.Header
	err    error
}

// get sends GET path on a connection of its own.
func (p *program) get(path string) answer {
	return p.request(context.Background(), http.MethodGet, path, nil)
}

func (p *program) request(ctx context.Context, method, path string, body io.Reader) answer {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+p.address()+path, body)
	if err != nil {
		return answer{err: err}
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	return do(&client, req)
}

func do(client *http.Client, req *http.Request) answer {
	resp, err := client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(text), resp.Header, err}
}

// send is get in the background.
func (p *program) send(path string) <-chan answer {
	done := make(chan answer, 1)
	go func() { done <- p.get(path) }()
	return done
}

// begin has a request begin that ends when finish is called with its name.
func (p *program) begin(name string) (done <-chan answer, pid int) {
	p.t.Helper()
	done = p.send("/wait?name=" + name)
	return done, p.notedPID(name + ".begun")
}

func (p *program) finish(name string) { p.write(name+".go", "") }

// fill occupies every slot there is, and returns what frees them.
func (p *program) fill(slots int) (free func()) {
	p.t.Helper()
	var running []<-chan answer
	for i := range slots {
		done, _ := p.begin(fmt.Sprintf("fill%d", i))
		running = append(running, done)
	}
	return func() {
		for i, done := range running {
			p.finish(fmt.Sprintf("fill%d", i))
			p.want(<-done, 200, "waited")
		}
	}
}

// want checks a whole answer; an empty body stands for any.
func (p *program) want(a answer, status int, body string) {
	p.t.Helper()
	if a.err != nil || a.status != status || body != "" && a.body != body {
		p.t.Errorf("got %d %.200q, %v; want %d %q", a.status, a.body, a.err, status, body)
	}
}

func (p *program) wantGet(path string, status int, body string) {
	p.t.Helper()
	p.want(p.get(path), status, body)
}

// dial opens a raw connection that closes with the test.
func (p *program) dial() net.Conn {
	p.t.Helper()
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// logText collects what a process writes.
type logText struct {
	mu   sync.Mutex
	text strings.Builder
}

func newLogText() *logText { return &logText{} }

func (l *logText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logText) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }

func (l *logText) has(text string) bool  { return strings.Contains(l.String(), text) }
func (l *logText) count(text string) int { return strings.Count(l.String(), text) }

// line returns the first line that has the text.
func (l *logText) line(text string) string {
	for line := range strings.SplitSeq(l.String(), "\n") {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

func (l *logText) tail(n int) string {
	text := l.String()
	return text[max(0, len(text)-n):]
}

// connections counts the clients of highball's first address, served or queued.
func (p *program) connections() (n int) {
	p.sockets(func([]string) { n++ })
	return n
}

// unread counts the bytes that they have sent and highball has not read.
func (p *program) unread() (n int64) {
	p.sockets(func(fields []string) {
		_, waiting, _ := strings.Cut(fields[4], ":")
		bytes, _ := strconv.ParseInt(waiting, 16, 64)
		n += bytes
	})
	return n
}

// sockets visits the lines of /proc/net/tcp for established connections of
// highball's first address.
func (p *program) sockets(visit func(fields []string)) {
	_, port, _ := net.SplitHostPort(p.address())
	number, _ := strconv.Atoi(port)
	table, _ := os.ReadFile("/proc/net/tcp")
	local := fmt.Sprintf("0100007F:%04X", number)
	for line := range strings.SplitSeq(string(table), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 4 && fields[1] == local && fields[3] == "01" { // ESTABLISHED
			visit(fields)
		}
	}
}

// http2Client speaks HTTP/2 in clear text by prior knowledge.
func http2Client() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}, Timeout: patience}
}
