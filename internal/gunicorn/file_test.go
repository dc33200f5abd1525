package gunicorn

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mistake reads a file of these lines and returns why it cannot be.
func mistake(t *testing.T, change func(*Interpreter), lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gunicorn.conf.py"), []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Load(t.Context(), Options{Args: args("a:b"), Dir: dir, Python: func(string) (Interpreter, error) {
		python, err := pythonForTests(dir)
		if change != nil {
			change(&python)
		}
		return python, err
	}})
	if err == nil {
		t.Fatalf("no error for %q", lines)
	}
	return err.Error()
}

func TestMistakesOfTheFile(t *testing.T) {
	tests := []struct{ file, want string }{
		{"x = 1\nworkers = 'many'", `gunicorn.conf.py:2: workers: "many" is not a whole number of at least 0`},
		{"workers = 'many'\nif True:\n  threads = -1", "gunicorn.conf.py:1: workers: \"many\" is not a whole number of at least 0\n" +
			"gunicorn.conf.py:3: threads: -1 is not a whole number of at least 0"},
		{"\ndef f(:", "gunicorn.conf.py:2: SyntaxError: invalid syntax"},
		{"import nonesuch", "gunicorn.conf.py:1: ModuleNotFoundError: No module named 'nonesuch'"},
		{"def f():\n  return 1/0\n\nx = f()", "gunicorn.conf.py:2: ZeroDivisionError: division by zero"},
		{"raise ValueError('two\\nlines')", "gunicorn.conf.py:1: ValueError: two lines"},
		{"import sys\nsys.exit('no')", "gunicorn.conf.py:2: the file ends the process, by SystemExit: no"},
		{"bind = object()", "gunicorn.conf.py:1: bind: a value of type object is not a list of strings"},
		{"def pre_fork(server): pass", "gunicorn.conf.py:1: pre_fork: the function has 1 arguments, gunicorn calls it with 2"},
		{"on_exit = 'no.such'", "gunicorn.conf.py:1: on_exit: ModuleNotFoundError: No module named 'no'"},
		{"worker_class = lambda: 1/0", "gunicorn.conf.py:1: worker_class: ZeroDivisionError: division by zero"},
		{"globals()['backlog'] = 'x'", `gunicorn.conf.py: backlog: "x" is not a whole number of at least 0`},
	}
	for _, tt := range tests {
		if got := mistake(t, nil, tt.file); got != tt.want {
			t.Errorf("%q:\n%s\nwant\n%s", tt.file, got, tt.want)
		}
	}
}

// Whatever hangs, and whatever it has started, ends with the time.
func TestAFileThatHangs(t *testing.T) {
	var printed bytes.Buffer
	short := func(i *Interpreter) { i.Timeout, i.Stderr = time.Second, &printed }
	for _, lines := range []string{
		"import threading\nthreading.Event().wait()",
		"import subprocess\nchild = subprocess.Popen(['sleep', '1000'])\nprint(child.pid, flush=True)\nchild.wait()",
		"while True: pass",
	} {
		began := time.Now()
		got := mistake(t, short, lines)
		where := fmt.Sprintf("gunicorn.conf.py:%d: ", strings.Count(lines, "\n")+1) // each in its last line
		if !strings.HasPrefix(got, where+"the file did not end within 1s: ") {
			t.Errorf("%q: %s", lines, got)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%q: took %s", lines, took)
		}
	}
	child, err := strconv.Atoi(strings.TrimSpace(printed.String()))
	if err != nil {
		t.Fatal(err)
	}
	end := time.After(10 * time.Second)
	for ticker := time.NewTicker(10 * time.Millisecond); syscall.Kill(child, 0) == nil && !isZombie(child); <-ticker.C {
		select {
		case <-end:
			t.Fatalf("process %d, which the file has started, goes on", child)
		default:
		}
	}
}

// isZombie says whether a process has ended and nobody has waited for it: in a container
// that may be nobody's business.
func isZombie(pid int) bool {
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, after, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(after, "Z")
}

func TestWhatAFileLeavesBehind(t *testing.T) {
	var printed bytes.Buffer
	dir := t.TempDir()
	text := "import os, sys, threading, subprocess\nprint('{\"values\": {}}')\nos.write(1, b'raw\\n')\nprint('two', file=sys.stderr)\n" +
		"threading.Thread(target=threading.Event().wait).start()\nworkers = 4\nbackround = 1\nworker = 2\nWorkers = 3\ndef helper(): pass\ndel os.environ['HOME']\n"
	if err := os.WriteFile(filepath.Join(dir, "gunicorn.conf.py"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(t.Context(), Options{Args: args("a:b"), Dir: dir, Python: func(string) (Interpreter, error) {
		python, err := pythonForTests(dir)
		python.Stderr = &printed
		python.Environ = append(python.Environ, "HOME=/")
		return python, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.number("workers") != 4 {
		t.Errorf("workers %d", cfg.number("workers"))
	}
	for _, want := range []string{`{"values": {}}`, "raw", "two"} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("%q is not in %q", want, printed.String())
		}
	}
	want := "gunicorn.conf.py: the variable HOME is taken away, which has no effect on the workers\n" +
		"gunicorn.conf.py:8: worker is not a setting, and has no effect: did you mean workers?\n" +
		"gunicorn.conf.py:9: Workers is not a setting, and has no effect: did you mean workers?"
	if got := strings.Join(cfg.Remarks, "\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// A process that the file has made neither answers for it nor is waited for.
func TestAFileThatForks(t *testing.T) {
	var printed bytes.Buffer
	dir := t.TempDir()
	text := "import os, time\nif os.fork() == 0:\n  os.fork() or time.sleep(1000)\nelse:\n  workers = 4\n  print('parent')\n"
	if err := os.WriteFile(filepath.Join(dir, "gunicorn.conf.py"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(t.Context(), Options{Args: args("a:b"), Dir: dir, Python: func(string) (Interpreter, error) {
		python, err := pythonForTests(dir)
		python.Stderr = &printed
		return python, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.number("workers") != 4 || printed.String() != "parent\n" {
		t.Errorf("workers %d, printed %q", cfg.number("workers"), printed.String())
	}
}

func TestAFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "gunicorn.conf.py"), 0o755), os.Symlink("loop", filepath.Join(dir, "loop"))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, want string }{
		{"a:b", "the default file: gunicorn.conf.py is a directory, not a file"},
		{"-c loop a:b", "-c: loop: too many levels of symbolic links"},
		{"--config=none.py a:b", "--config: there is no file none.py"},
	} {
		if _, err := Load(t.Context(), Options{Args: args(tt.args), Dir: dir}); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.args, err, tt.want)
		}
	}
}

func TestAnInterpreterThatCannot(t *testing.T) {
	for _, tt := range []struct{ path, want string }{
		{"/bin/false", "gunicorn.conf.py: /bin/false ended while it read the file: exit status 1"},
		{"/bin/true", "gunicorn.conf.py: /bin/true says nothing of the file: does the file end the process, or is it older than Python 3.9?"},
		{"/nonexistent", "gunicorn.conf.py: /nonexistent ended while it read the file: "},
	} {
		if got := mistake(t, func(i *Interpreter) { i.Path = tt.path }, "workers = 1"); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s\nwant %s", got, tt.want)
		}
	}
}

func TestHelpHasEveryFlag(t *testing.T) {
	help := Help()
	for _, s := range Settings() {
		for _, flag := range s.flags() {
			if !strings.Contains(help, flag) {
				t.Errorf("%s is missing", flag)
			}
		}
		if s.Fate != Same && s.Note == "" && s.To == "" {
			t.Errorf("%s: nothing is said of it", s.Name)
		}
	}
}
