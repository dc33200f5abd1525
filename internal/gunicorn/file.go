package gunicorn

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed evaluate.py
var program []byte

// mostAnswer bounds what a file may say.
const mostAnswer = 16 << 20

// Interpreter is the Python that evaluates the file.
type Interpreter struct {
	Path    string
	Environ []string
	Stderr  io.Writer     // takes what the file prints
	Timeout time.Duration // 0: none
}

// answer is what evaluate.py writes.
type answer struct {
	File    string
	Failure string
	Line    *int
	Values  map[string]struct {
		Value  json.RawMessage
		Object *Object
	}
	Names   []string
	Lines   map[string]int
	Acts    bool
	Environ map[string]string
	Unset   []string
	Path    []string
}

// evaluate runs the file at location, which is a path or "python:" and a module, in
// dir. Where it is a path it has to exist.
func (i Interpreter) evaluate(ctx context.Context, table []Setting, location, dir string) (answer, error) {
	if i.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, i.Timeout)
		defer cancel()
	}
	var a answer
	saying, printed, err := i.run(ctx, table, location, dir, &a)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return a, fmt.Errorf("%s: the file did not end within %s: does it wait for something? start-timeout (HIGHBALL_START_TIMEOUT) is how long it may take",
			place(shown(location, a.File), a.Line), i.Timeout)
	case ctx.Err() != nil:
		return a, ctx.Err()
	case saying != nil && err != nil:
		return a, fmt.Errorf("%s: %s ended while it read the file: %w%s", location, i.Path, err, printed)
	case saying != nil:
		return a, fmt.Errorf("%s: %s says nothing of the file: does the file end the process, or is it older than Python 3.9?%s", location, i.Path, printed)
	case a.Failure != "":
		return a, fmt.Errorf("%s: %s", place(shown(location, a.File), a.Line), a.Failure)
	}
	return a, nil
}

// run starts the interpreter, reads what it answers, and returns the last line that it
// printed. All that it started ends with it.
func (i Interpreter) run(ctx context.Context, table []Setting, location, dir string, to *answer) (saying error, printed string, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return err, "", err
	}
	defer r.Close()
	const answers = 3 // the descriptor of w there
	args := append([]string{"-", strconv.Itoa(answers), location}, askedFor(table)...)
	cmd := exec.Command(i.Path, args...)
	cmd.Dir, cmd.Env = dir, i.Environ
	cmd.Stdin = bytes.NewReader(program)
	last := &lastLine{}
	cmd.Stdout = last.and(i.Stderr) // what the file prints is not the answer
	cmd.Stderr = cmd.Stdout
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // a child of the file may hold its output
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		return err, "", err
	}
	stop := context.AfterFunc(ctx, func() { giveUp(ctx, cmd.Process.Pid, r) })
	defer stop()
	// One value, not all there is: a child of the file may hold the pipe for long.
	saying = json.NewDecoder(io.LimitReader(r, mostAnswer)).Decode(to)
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	err = cmd.Wait()
	return saying, last.String(), err
}

// askGrace is how long a file that hangs has to say where.
const askGrace = time.Second

// giveUp has the wait for an answer end. If time is up, the file is first asked in which
// of its lines it is.
func giveUp(ctx context.Context, pid int, answers *os.File) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && syscall.Kill(pid, syscall.SIGXCPU) == nil {
		_ = answers.SetReadDeadline(time.Now().Add(askGrace))
		return
	}
	_ = answers.Close()
}

// askedFor are the arguments that name the settings.
func askedFor(table []Setting) []string {
	var names, classes, functions []string
	for _, s := range table {
		names = append(names, s.Name)
		switch s.Kind {
		case Class:
			classes = append(classes, s.Name)
		case Callable:
			functions = append(functions, s.Name)
		}
	}
	return []string{strings.Join(names, ","), strings.Join(classes, ","), strings.Join(functions, ",")}
}

// shown is the file's name for people: as they have written it.
func shown(location, file string) string {
	if strings.HasPrefix(location, "python:") && file != "" {
		return file
	}
	return location
}

// place is where something stands.
func place(file string, line *int) string {
	if line == nil {
		return file
	}
	return file + ":" + strconv.Itoa(*line)
}

// lastLine keeps the last line of what is written.
type lastLine struct{ text []byte }

// and writes to w as well, if there is one.
func (l *lastLine) and(w io.Writer) io.Writer {
	if w == nil {
		return l
	}
	return io.MultiWriter(l, w)
}

func (l *lastLine) Write(p []byte) (int, error) {
	const enough = 4096
	l.text = append(l.text, p...)
	l.text = l.text[max(0, len(l.text)-enough):]
	return len(p), nil
}

// String ends an error.
func (l *lastLine) String() string {
	text := strings.TrimSpace(string(l.text))
	if text == "" {
		return ""
	}
	return ": " + text[strings.LastIndexByte(text, '\n')+1:]
}

// defaultFile is the one that is read where none is named, if it is there.
func defaultFile(dir string) string {
	const name = "gunicorn.conf.py"
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		return ""
	}
	return name
}

// readable says why a file, which is shown as name, cannot be one of settings.
func readable(path, name string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s", name)
	case err != nil:
		return fmt.Errorf("%s: %w", name, errors.Unwrap(err))
	case info.IsDir():
		return fmt.Errorf("%s is a directory, not a file", name)
	}
	return nil
}
