package main

import (
	"context"
	"os/exec"
	"path/filepath"
)

// What answers with a constant, of bench/constant.
const (
	engine  serverKind = highball // under its name, for the table
	nethttp serverKind = "net/http"
	bare    serverKind = "bare"
)

const maxEngineCPU = 8.0 // us per request

// measureEngine compares what HTTP/1.1 costs without an application: our engine, Go's,
// and a goroutine for each connection that hardly looks at what it reads.
func measureEngine(ctx context.Context, b *bench) ([]row, error) {
	program := filepath.Join(b.dir, "constant")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./bench/constant")
	build.Dir = b.root
	if err := build.Run(); err != nil {
		return nil, err
	}
	names := map[serverKind]string{engine: "h1", nethttp: "nethttp", bare: "bare"}
	constant := *b
	constant.servers = []serverKind{engine, nethttp, bare}
	constant.commandFor = func(kind serverKind, addr string) *exec.Cmd {
		return exec.Command(program, names[kind], addr)
	}
	loads, err := constant.compare(ctx, "", "/", b.connections)
	if err != nil {
		return nil, err
	}
	cpu := newRow("engine", "CPU per request", "us", loads, func(l load) float64 { return l.CPU })
	return []row{cpu.atMost(maxEngineCPU), newRow("engine", "throughput", "requests/s", loads, perSecond)}, nil
}
