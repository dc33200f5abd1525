package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// serverKind is a server that is measured.
type serverKind string

const (
	highball serverKind = "highball"
	baseline serverKind = "baseline" // Highball, of --baseline
	gunicorn serverKind = "gunicorn"
	granian  serverKind = "granian"
	uwsgi    serverKind = "uwsgi"
	nginx    serverKind = "nginx+gunicorn"
	bjoern   serverKind = "bjoern"
)

// server is a running one.
type server struct {
	kind   serverKind
	addr   string
	began  time.Time
	cmd    *exec.Cmd
	out    bytes.Buffer
	behind *server // that this one passes its requests to
	secure bool    // it speaks TLS
}

// command is how each server is told to serve app with the same processes and threads.
func (b *bench) command(kind serverKind, app, addr string) *exec.Cmd {
	workers, threads := strconv.Itoa(b.workers), strconv.Itoa(b.threads)
	if b.single && kind == granian { // whose processes do not know each other's tickets
		workers = "1"
	}
	apps := filepath.Join(b.root, "bench", "apps")
	if b.commandFor != nil {
		return b.commandFor(kind, addr)
	}
	switch kind {
	case highball, baseline:
		bind := addr
		if b.tls != nil {
			bind = "https://" + addr
		}
		args := []string{"run", app + ":application", "--chdir", apps, "--python", b.python,
			"--bind", bind, "--workers", workers, "--threads", threads, "--log-level", "warning"}
		if b.preload {
			args = append(args, "--preload")
		}
		if b.tls != nil {
			args = append(args, "--certfile", b.tls.cert, "--keyfile", b.tls.key)
		}
		binary := b.binary
		if kind == baseline {
			binary = b.baseline
		}
		return exec.Command(binary, append(args, b.flags...)...)
	case granian:
		host, port, _ := net.SplitHostPort(addr)
		args := []string{app + ":application", "--interface", "wsgi", "--working-dir", apps, "--host", host, "--no-ws",
			"--port", port, "--workers", workers, "--blocking-threads", threads, "--no-access-log", "--log-level", "warning"}
		if b.tls != nil {
			args = append(args, "--ssl-certificate", b.tls.cert, "--ssl-keyfile", b.tls.key)
		}
		return exec.Command(b.script(kind), args...)
	case uwsgi:
		return exec.Command(b.script(kind), "--http", addr, "--http-keepalive", "--chdir", apps, "--module", app+":application", "--master",
			"--processes", workers, "--threads", threads, "--enable-threads", "--disable-logging", "--die-on-term")
	case bjoern: // a process and a thread each
		script := filepath.Join(b.root, "bench", "apps", "serve_bjoern.py")
		return exec.Command(b.python, script, app, addr, workers)
	}
	args := []string{"-m", "gunicorn", app + ":application", "--chdir", apps, "--bind", addr,
		"--worker-class", "gthread", "--workers", workers, "--threads", threads,
		"--keep-alive", "60", "--log-level", "warning"}
	if b.preload {
		args = append(args, "--preload")
	}
	return exec.Command(b.python, args...)
}

// launch starts a server without waiting for it.
func (b *bench) launch(kind serverKind, app string) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if kind == nginx {
		return b.launchNginx(app, addr)
	}
	return b.launchCommand(kind, addr, b.command(kind, app, addr))
}

func (b *bench) launchCommand(kind serverKind, addr string, cmd *exec.Cmd) (*server, error) {
	s := &server{kind: kind, addr: addr, cmd: cmd, secure: b.tls != nil && !strings.HasPrefix(addr, "unix:")}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.Env = append(s.cmd.Environ(), b.env...)
	s.cmd.WaitDelay = time.Second
	s.began = time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	return s, nil
}

// start starts a server and returns when it answers.
func (b *bench) start(ctx context.Context, kind serverKind, app, path string) (*server, error) {
	s, err := b.launch(kind, app)
	if err != nil {
		return nil, err
	}
	if err := s.awaitAnswer(ctx, path); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w\n%s", kind, err, s.said())
	}
	return s, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// awaitAnswer asks until the server answers 200.
func (s *server) awaitAnswer(ctx context.Context, path string) error {
	for limit := time.Now().Add(30 * time.Second); ; {
		err := s.askOnce(path)
		if err == nil {
			return nil
		}
		if time.Now().After(limit) || ctx.Err() != nil {
			return fmt.Errorf("it does not answer: %w", err)
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *server) askOnce(path string) error {
	c, err := dial(s.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if s.secure {
		nc := tls.Client(c.Conn, clientTLS())
		c = &client{nc, bufio.NewReader(nc)}
	}
	_, err = c.ask(getRequest(path))
	return err
}

// stop ends the server, at last by force: with its workers, which some servers
// leave behind.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(15*time.Second, func() {
		processes, _ := tree(s.cmd.Process.Pid)
		_ = s.cmd.Process.Kill()
		for _, p := range processes {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	})
	defer timer.Stop()
	_ = s.cmd.Wait()
	if s.behind != nil {
		s.behind.stop()
	}
}

// said is what the server has printed, to be read once it has stopped.
func (s *server) said() string {
	if s.behind != nil {
		return s.out.String() + s.behind.said()
	}
	return s.out.String()
}
