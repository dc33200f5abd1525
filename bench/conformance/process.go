package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// startProcess starts a server and returns when its application has seen a request.
func (b *bench) startProcess(cmd *exec.Cmd, addr, version string, r *recorder) (*server, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), "CONFORMANCE_RECORDER="+r.address())
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w (bench/conformance/doc.go says what has to be installed; --only leaves some out)", err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	s := &server{addr: addr, version: version, stop: func() { end(cmd, ended) }}
	if err := awaitServer(addr, r, ended); err != nil {
		s.stop()
		return nil, failed(cmd.Path, err, out.Bytes())
	}
	return s, nil
}

// awaitServer asks until the application has seen it.
func awaitServer(addr string, r *recorder, ended chan struct{}) error {
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); {
		o, err := exchange(addr, "127.0.0.1", r, nil, 200*time.Millisecond)
		if err == nil && len(o.seen) > 0 {
			return nil
		}
		select {
		case <-ended:
			return errors.New("it has ended")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("it does not answer")
}

// end stops a server, at last by force.
func end(cmd *exec.Cmd, ended chan struct{}) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(15 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// combined is all that a command prints, or nothing if it fails.
func combined(name string, args ...string) string {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return ""
	}
	return string(out)
}

func (b *bench) distribution(name string) string {
	return strings.TrimSpace(combined(b.python, "-c", "from importlib.metadata import version; print(version('"+name+"'))"))
}

func goVersion() string { return strings.Replace(runtime.Version(), "go", "Go ", 1) }

func failed(what string, err error, out []byte) error {
	return fmt.Errorf("%s: %w\n%s", what, err, out)
}
