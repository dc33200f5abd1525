package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine says what was measured on, and with what.
type machine struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	Kernel   string `json:"kernel"`
	Go       string `json:"go"`
	Highball string `json:"highball"`
	Python   string `json:"python"`
	Gunicorn string `json:"gunicorn,omitempty"`
	Flask    string `json:"flask,omitempty"`
}

func (b *bench) machine() machine {
	m := machine{
		CPU: cpuModel(), Cores: runtime.NumCPU(), Kernel: firstLine("/proc/sys/kernel/osrelease"),
		Go: runtime.Version(), Highball: b.output(b.binary, "--version"), Python: b.output(b.python, "--version"),
		Flask: b.version("flask"),
	}
	if b.peer {
		m.Gunicorn = b.version("gunicorn")
	}
	return m
}

func (b *bench) version(distribution string) string {
	return b.output(b.python, "-c", "from importlib.metadata import version; print(version('"+distribution+"'))")
}

func (b *bench) output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "?"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func (m machine) String() string {
	s := fmt.Sprintf("%s, %d cores, Linux %s; %s, %s, %s", m.CPU, m.Cores, m.Kernel, m.Highball, m.Go, m.Python)
	if m.Gunicorn != "" {
		s += ", gunicorn " + m.Gunicorn
	}
	return s + ", Flask " + m.Flask
}

func (b *bench) describe() string {
	s := fmt.Sprintf("%d workers with %d threads, %d rounds of %s, %d keep-alive connections",
		b.workers, b.threads, b.rounds, b.duration, b.connections)
	if b.baseline != "" {
		s += ", baseline " + b.baseline
	}
	return s
}
