package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// bench is one run of the command: what it was told, and what it has made.
type bench struct {
	options
	log     io.Writer
	root    string // of the repository
	dir     string // temporary
	binary  string // Highball
	servers []serverKind
	flags   []string     // more of Highball's
	env     []string     // more of the servers'
	preload bool         // the application is imported once
	single  bool         // each server has one processor
	tls     *certificate // nil: in the clear

	commandFor func(kind serverKind, addr string) *exec.Cmd // nil: command
}

// benchCase is one thing that is measured.
type benchCase struct {
	name    string
	measure func(ctx context.Context, b *bench) ([]row, error)
}

func cases() []benchCase {
	return []benchCase{
		{"engine", measureEngine},
		{"hello", measureHello},
		{"flask", measureFlask},
		{"latency", measureLatency},
		{"response", measureResponse},
		{"upload", measureUpload},
		{"uploads", measureUploads},
		{"downloads", measureDownloads},
		{"start", measureStart},
		{"uneven", measureUneven},
		{"overload", measureOverload},
		{"evenness", measureEvenness},
		{"reload", measureReload},
		{"slow", measureSlow},
		{"memory", measureMemory},
		{"handshakes", measureHandshakes},
		{"https", measureHTTPS},
		{"h2", measureH2},
		{"h3", measureH3},
	}
}

func caseNames() (names []string) {
	for _, c := range cases() {
		names = append(names, c.name)
	}
	return names
}

// prepare builds Highball and finds what it is compared with.
func prepare(ctx context.Context, o options, log io.Writer) (*bench, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	gomod := strings.TrimSpace(string(out))
	if err != nil || filepath.Base(gomod) != "go.mod" {
		return nil, errors.New("run it within the repository: go run ./bench")
	}
	b := &bench{options: o, log: log, root: filepath.Dir(gomod)}
	if err := b.findPython(); err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp("", "highball-bench-"); err != nil {
		return nil, err
	}
	b.binary = filepath.Join(b.dir, "highball")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.binary, "./cmd/highball")
	build.Dir = b.root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.clean()
		return nil, fmt.Errorf("building Highball: %w\n%s", err, out)
	}
	return b, nil
}

func (b *bench) clean() { _ = os.RemoveAll(b.dir) }

// findPython looks for the interpreter and, in the same environment, gunicorn; and
// for the baseline.
func (b *bench) findPython() error {
	if b.venv == "" {
		b.venv = filepath.Join(b.root, ".venv")
	}
	if b.python == "" {
		b.python = filepath.Join(b.venv, "bin", "python")
	}
	if _, err := exec.LookPath(b.python); err != nil {
		return fmt.Errorf("%w: `make bench` makes a virtual environment; or give --venv or --python", err)
	}
	b.servers = []serverKind{highball}
	if b.baseline != "" {
		if _, err := exec.LookPath(b.baseline); err != nil {
			return fmt.Errorf("--baseline: %w: want another binary of Highball", err)
		}
		b.servers = append(b.servers, baseline)
	}
	if !b.peer {
		return nil
	}
	if !b.imports("gunicorn") {
		return fmt.Errorf("%s cannot import gunicorn: install it there, give --venv, or --peer=false", b.python)
	}
	b.servers = append(b.servers, gunicorn)
	return nil
}

// allServers are Highball, gunicorn, and of the others those that are installed.
func (b *bench) allServers() []serverKind {
	servers := b.servers
	if !b.peer {
		return servers
	}
	for _, kind := range []serverKind{granian, uwsgi} {
		if _, err := os.Stat(b.script(kind)); err == nil {
			servers = append(servers[:len(servers):len(servers)], kind)
		}
	}
	return servers
}

// script is the command of a peer, beside the interpreter.
func (b *bench) script(kind serverKind) string {
	return filepath.Join(filepath.Dir(b.python), string(kind))
}

// startAll starts servers, which stop ends.
func (b *bench) startAll(ctx context.Context, kinds []serverKind, app, path string) (servers []*server, stop func(), err error) {
	stop = func() {
		for _, s := range servers {
			s.stop()
		}
	}
	for _, kind := range kinds {
		s, err := b.start(ctx, kind, app, path)
		if err != nil {
			return servers, stop, err
		}
		servers = append(servers, s)
	}
	return servers, stop, nil
}
