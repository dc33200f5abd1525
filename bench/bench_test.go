package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// The command runs, for a moment and on Highball alone.
func TestSmoke(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	var out bytes.Buffer
	args := []string{
		"--peer=false", "--python", python, "--only", "hello,latency,response,upload,uploads,downloads,start,slow,handshakes,h3", "--rounds", "1",
		"--duration", "50ms", "--workers", "1", "--connections", "4", "--size", "1048576", "--starts", "1", "--json",
	}
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || len(r.Rows) != 40 {
		t.Fatalf("%v, %d rows in %s", err, len(r.Rows), out.Bytes())
	}
	for _, row := range r.Rows {
		// Growth and failures may be none, and so little load may take less than one tick.
		ofCPU := strings.Contains(row.Measure, "CPU") || strings.Contains(row.Measure, "of a processor")
		if row.Medians[highball] <= 0 && row.Unit != "MiB" && row.Unit != "%" && !ofCPU {
			t.Errorf("%s: %s is %v", row.Case, row.Measure, row.Medians)
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"--only", "hello,nothing"}, {"--rounds", "0"}, {"word"}, {"--no-such-flag"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q were taken", args)
		}
	}
}

func TestTable(t *testing.T) {
	loads := map[serverKind][]load{
		highball: {{CPU: 30}, {CPU: 50}, {CPU: 39}}, gunicorn: {{CPU: 100}, {CPU: 90}, {CPU: 80}},
	}
	cpu := newRow("hello", "CPU per request", "us", loads, func(l load) float64 { return l.CPU })
	r := report{Rows: []row{cpu.atMost(40).ratioAtMost(0.4), single("upload", "growth", "MiB", 33).atMost(32)}}
	var out strings.Builder
	if err := r.writeTable(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| hello | CPU per request, us | 39.0 | 90.0 | 0.43 | at most 40.0 us; at most 0.4 of gunicorn's | pass; **fail** |",
		"| upload | growth, MiB | 33.0 |  |  | at most 32.0 MiB | **fail** |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks\n%s\n%s", want, out.String())
		}
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median %v", got)
	}
}

// The baseline is Highball's command with another binary, has a column, and is
// compared round by round.
func TestBaseline(t *testing.T) {
	b := &bench{options: options{baseline: "/old/highball", workers: 1, threads: 1}, binary: "/new/highball"}
	before, after := b.command(baseline, "hello", "127.0.0.1:1").Args, b.command(highball, "hello", "127.0.0.1:1").Args
	if before[0] != b.baseline || after[0] != b.binary || !slices.Equal(before[1:], after[1:]) {
		t.Errorf("%q and %q", before, after)
	}
	loads := map[serverKind][]load{
		highball: {{CPU: 30}, {CPU: 50}, {CPU: 20}}, baseline: {{CPU: 34}, {CPU: 57}, {CPU: 25}}, gunicorn: {{CPU: 100}},
	}
	if saved := cheaper(loads); !slices.Equal(saved, []float64{4, 7, 5}) {
		t.Errorf("cheaper by %v", saved)
	}
	if ours := fronts(loads); len(ours) != 2 || len(loads) != 3 {
		t.Errorf("fronts of %v", ours)
	}
	r := report{Rows: []row{newRow("hello", "CPU per request", "us", loads, func(l load) float64 { return l.CPU })}}
	if others := r.others(); !slices.Equal(others, []serverKind{baseline}) {
		t.Errorf("columns %v", others)
	}
	if _, err := prepare(t.Context(), options{python: "/bin/sh", baseline: "/no/such/binary"}, io.Discard); err == nil {
		t.Error("a baseline that does not exist was taken")
	}
}

// The processes of this test are found, and their time grows.
func TestTree(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc")
	}
	child := exec.Command("cat")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	processes, err := tree(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range processes {
		found = found || p.pid == child.Process.Pid && p.parent == os.Getpid()
	}
	if !found || processes[0].pid != os.Getpid() {
		t.Errorf("%v lacks %d", processes, child.Process.Pid)
	}
	if rss, err := memory(child.Process.Pid, "VmRSS"); err != nil || rss < 1<<12 {
		t.Errorf("VmRSS %d, %v", rss, err)
	}
	_ = in.Close()
	_ = child.Wait()
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); {
		if p, err := readProcess(os.Getpid()); err != nil || p.cpu > processes[0].cpu {
			return
		}
	}
	t.Error("the time does not grow")
}
