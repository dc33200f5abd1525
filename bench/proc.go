package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of utime and stime on every Linux that Go runs on (USER_HZ).
const tick = 10 * time.Millisecond

// process is one line of /proc.
type process struct {
	pid, parent int
	cpu         time.Duration // with that of children which have ended
}

// readProcess reads /proc/PID/stat. The name is in parentheses and may hold anything.
func readProcess(pid int) (process, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 15 {
		return process{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	p := process{pid: pid}
	p.parent, err = strconv.Atoi(fields[1])
	var ticks int64
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		n, _ := strconv.ParseInt(field, 10, 64)
		ticks += n
	}
	p.cpu = time.Duration(ticks) * tick
	return p, err
}

// tree returns the process and all that descend from it, itself first.
func tree(root int) ([]process, error) {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	children := map[int][]process{}
	for _, name := range names {
		pid, _ := strconv.Atoi(filepath.Base(name))
		if p, err := readProcess(pid); err == nil { // else it has ended meanwhile
			children[p.parent] = append(children[p.parent], p)
		}
	}
	first, err := readProcess(root)
	if err != nil {
		return nil, err
	}
	found := []process{first}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i].pid]...)
	}
	return found, nil
}

// cpu is the time that the server's processes have used, together, and what the
// first of them, Highball's front, has of it.
func (s *server) cpu() (total, front time.Duration, err error) {
	processes, err := tree(s.cmd.Process.Pid)
	if err != nil {
		return 0, 0, err
	}
	for _, p := range processes {
		total += p.cpu
	}
	if s.behind != nil {
		behind, _, err := s.behind.cpu()
		return total + behind, processes[0].cpu, err
	}
	return total, processes[0].cpu, nil
}

// memory reads a value of /proc/PID/status, "VmRSS" or "VmHWM", in bytes.
func memory(pid int, key string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no %s", pid, key)
}

// resetPeak makes VmHWM begin anew (proc(5), clear_refs).
func resetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}
