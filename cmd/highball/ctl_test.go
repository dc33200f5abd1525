//go:build !windows

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"highball/internal/control"
)

// ctlNow is when the tests' answers are read.
var ctlNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// ctlTarget is a server whose orders fail with an error, or wait for their end.
type ctlTarget struct {
	fails   error
	entered chan struct{}
}

func (t *ctlTarget) Status() control.Status {
	retry, expires := ctlNow.Add(4200*time.Millisecond), ctlNow.Add(480*time.Hour)
	return control.Status{
		State: control.StateFailing, PID: 4711, Version: "0.1.0", Began: ctlNow.Add(-125 * time.Minute),
		Addresses:   []string{"http://127.0.0.1:8000/", "unix:/run/shop.sock"},
		Application: "shop.wsgi:application", Generation: 3, Workers: t.Workers(),
		Queue: control.Queue{Waiting: 2, Size: 1024}, Requests: control.Traffic{InFlight: 4, Served: 120394},
		Bodies:    control.Bodies{Spooled: 311, SpooledBytes: 7 << 30, Streamed: 7, TooLarge: 3, TooSlow: 12},
		Responses: control.Responses{Memory: 3 << 19, Spooled: 40, SpooledBytes: 2 << 30},
		Spool:     control.Spool{Dir: "/var/tmp", Files: 2, Held: 91 << 19, Quota: 8 << 30},
		Connections: control.Connections{Open: 38, Max: 15000, Accepted: 40310, Evicted: 7, HTTP3: 3, HTTP3Requests: 811,
			Handshakes: 4412, Resumed: 312, HandshakesFailed: 20, PlainOnTLS: 3},
		Refusals: map[string]int64{"RFC 9112 6.3": 10, "RFC 9113 3.4": 2},
		Certificates: []control.Certificate{
			{Names: []string{"shop.test", "www.shop.test"}, Until: &expires, From: "certfile shop.pem, keyfile shop.key"},
			{Names: []string{"new.shop.test"}, Problem: "no certificate: DNS problem: NXDOMAIN looking up A for new.shop.test\x1b[2J"},
		},
		LastError: "Traceback (most recent call last):\n  File \"/srv/shop/wsgi.py\", line 3, in <module>\n    import shpo\n" +
			"ModuleNotFoundError: No module named 'shpo'\n",
		Retry: &retry,
	}
}

func (t *ctlTarget) Workers() []control.Worker {
	return []control.Worker{
		{Number: 5, PID: 4720, Generation: 3, State: "ready", Began: ctlNow.Add(-90 * time.Second), Served: 40123, Busy: 2, Condemned: 1, Memory: 50567577},
		{Number: 12, PID: 14725, Generation: 3, State: "ready", Began: ctlNow.Add(-1240 * time.Millisecond)},
		{Number: 3, PID: 4715, Generation: 2, State: "leaving", Began: ctlNow.Add(-76 * time.Hour), Served: 1, Busy: 1, Memory: 1 << 30},
	}
}

const dumped = "Thread 0x7f (most recent call first):\n  File \"a.py\", line 9 in k\n"

func (t *ctlTarget) Requests(context.Context) []control.Request {
	return []control.Request{
		{
			ID: "9f2c81d04be7a365", Method: "GET", Path: "/report?year=2026", Client: "192.0.2.7:51234", State: "running",
			Worker: 5, PID: 4720, Slot: 1, AgeMS: 12345, QueuedMS: 12,
			Stack: "  File \"/srv/shop/views.py\", line 40, in report\n    rows = slow()\n" +
				"  File \"/srv/shop/views.py\", line 12, in slow\n    time.sleep(30)\n",
		},
		{ID: "1c4e", Method: "GET", Path: "/pdf", State: "running", Worker: 12, PID: 14725, Mute: true, AgeMS: 2000, Dump: dumped},
		{ID: "1c4f", Method: "GET", Path: "/pdf/2", State: "running", Worker: 12, PID: 14725, Mute: true, Slot: 1, AgeMS: 1900, Dump: dumped},
		{ID: "07aa", Method: "POST", Path: "/\x1b[2J\t\n" + strings.Repeat("x", 300), State: "queued", AgeMS: 900, QueuedMS: 900},
	}
}

func (t *ctlTarget) Stacks(context.Context) []control.Stacks {
	return []control.Stacks{
		{Worker: 5, PID: 4720, Threads: []control.Thread{
			{ID: 139872, Name: "MainThread", Stack: "  File \"a.py\", line 1, in f\n    g()\n"},
			{ID: 139873, Name: "slot-1\x1b[31m", Stack: "  File \"a.py\", line 2, in h\n"},
		}},
		{Worker: 12, PID: 14725, Mute: true, Dump: dumped},
	}
}

func (t *ctlTarget) Reload(ctx context.Context, _ string) error {
	if t.entered != nil {
		close(t.entered)
		<-ctx.Done()
	}
	return t.fails
}

func (t *ctlTarget) Scale(string, int) error            { return t.fails }
func (t *ctlTarget) Recycle(context.Context, int) error { return t.fails }
func (t *ctlTarget) Drain(context.Context, int) error   { return t.fails }
func (t *ctlTarget) Stop()                              {}

// serveCtl answers for target and returns its socket.
func serveCtl(t *testing.T, target *ctlTarget) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hb") // t.TempDir is too long for some
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	l, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- control.Serve(l, target) }()
	t.Cleanup(func() {
		l.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		os.RemoveAll(dir)
	})
	return path
}

// ctlRun is the program with these arguments.
func ctlRun(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), append([]string{"ctl"}, args...), strings.NewReader(""), &out, &err, environ)
	return code, out.String(), err.String()
}

// TestCtlText compares what people see with the files of testdata/ctl.
func TestCtlText(t *testing.T) {
	var target ctlTarget
	documents := map[string]any{
		"status":   target.Status(),
		"workers":  target.Workers(),
		"requests": target.Requests(t.Context()),
		"stacks":   target.Stacks(t.Context()),
	}
	for name, document := range documents {
		path := filepath.Join("testdata", "ctl", name+".txt")
		got := ctlText(document, ctlNow)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
		if strings.Contains(got, "\x1b") {
			t.Errorf("%s: a client's escape reaches the terminal", name)
		}
	}
}

// A hundred certificates that fail do not hide the rest.
func TestCtlTextOfMuchTrouble(t *testing.T) {
	s := control.Status{Refusals: map[string]int64{}}
	for i := range 100 {
		s.Certificates = append(s.Certificates, control.Certificate{Names: []string{fmt.Sprintf("n%d.test", i)}, Problem: "no certificate"})
		s.Refusals[fmt.Sprintf("RFC %d", 9000+i)] = int64(i + 1)
	}
	status := ctlText(s, ctlNow)
	for _, want := range []string{"\ncertificates 100\n    n0.test: no certificate\n", "\n    and 95 more: see --json\n", "\nrefused      5050: RFC 9099 (100), RFC 9098 (99), RFC 9097 (98), RFC 9096 (97), RFC 9095 (96), ...\n"} {
		if !strings.Contains(status, want) {
			t.Errorf("no %q in\n%s", want, status)
		}
	}
	if n := strings.Count(status, "\n"); n > 30 {
		t.Errorf("%d lines", n)
	}
}

func TestCtlTextOfNothing(t *testing.T) {
	for _, tt := range []struct {
		document any
		want     string
	}{
		{[]control.Worker{}, "no workers\n"},
		{[]control.Request{}, "no requests in flight\n"},
		{[]control.Stacks{}, "no workers\n"},
	} {
		if got := ctlText(tt.document, ctlNow); got != tt.want {
			t.Errorf("%T: got %q, want %q", tt.document, got, tt.want)
		}
	}
	status := ctlText(control.Status{State: control.StateStarting}, ctlNow)
	for _, absent := range []string{"last error", "next start", "refused ", "handshakes", "certificates"} {
		if strings.Contains(status, absent) {
			t.Errorf("a server that is well has %q:\n%s", absent, status)
		}
	}
	if !strings.Contains(status, "connections  0 open, 0 accepted\n") {
		t.Errorf("without a limit of connections:\n%s", status)
	}
	if !strings.Contains(status, "workers      none\n") {
		t.Errorf("without workers:\n%s", status)
	}
}

func TestCtlQuestions(t *testing.T) {
	path := serveCtl(t, &ctlTarget{})
	for verb, want := range map[string][2]string{ // a line of the text, a part of the JSON
		"status":   {"state        failing\n", `"pid": 4711,`},
		"workers":  {"WORKER  PID", `"memory_bytes": 50567577`},
		"requests": {"9f2c81d04be7a365  GET /report?year=2026\n", `"path": "/report?year=2026",`},
		"stacks":   {"worker 12, pid 14725: does not answer", `"mute": true,`},
	} {
		for i, args := range [][]string{{verb, "--control", path}, {"--json", "--control=" + path, verb}} {
			code, stdout, stderr := ctlRun(t, nil, args...)
			if code != exitOK || stderr != "" || !strings.Contains(stdout, want[i]) {
				t.Errorf("%q: code %d, stderr %q, stdout lacks %q:\n%s", args, code, stderr, want[i], stdout)
			}
		}
	}
}

func TestCtlOrders(t *testing.T) {
	environ := []string{"HIGHBALL_CONTROL=" + serveCtl(t, &ctlTarget{})}
	for verb, want := range map[string]string{
		"reload": "the new code serves\n", "scale 8": "8 workers are kept from now on\n", "recycle 5": "worker 5 is replaced\n",
		"drain 5": "worker 5 gets no more requests, and ends when it has finished those that it has\n", "stop": "the server stops\n",
	} {
		args := strings.Fields(verb)
		if code, stdout, stderr := ctlRun(t, environ, args...); code != exitOK || stdout != want || stderr != "" {
			t.Errorf("%s: code %d, %q, %q", verb, code, stdout, stderr)
		}
		if code, stdout, _ := ctlRun(t, environ, append(args, "--json")...); code != exitOK || stdout != "{\n  \"ok\": true\n}\n" {
			t.Errorf("%s --json: code %d, %q", verb, code, stdout)
		}
	}
}

func TestCtlOrdersFail(t *testing.T) {
	target := &ctlTarget{fails: errors.New("the application could not be loaded\nTraceback:\n  File \"x\x1b[2J\"\nNameError: y")}
	environ := []string{"HIGHBALL_CONTROL=" + serveCtl(t, target)}
	const want = "highball: error: the application could not be loaded\nTraceback:\n  File \"x\\x1b[2J\"\nNameError: y\n"
	code, stdout, stderr := ctlRun(t, environ, "reload")
	if code != exitFailure || stdout != "" || stderr != want {
		t.Errorf("code %d, %q, stderr %q", code, stdout, stderr)
	}
	code, stdout, stderr = ctlRun(t, environ, "reload", "--json")
	if code != exitFailure || !strings.HasPrefix(stdout, "{\n  \"error\": \"the application could not") || stderr != want {
		t.Errorf("--json: code %d, %q, stderr %q", code, stdout, stderr)
	}
	target.fails = fmt.Errorf("%w: 9", control.ErrNoWorker)
	for _, verb := range []string{"recycle", "drain"} {
		if code, _, stderr := ctlRun(t, environ, verb, "9"); code != exitFailure || stderr != "highball: error: no such worker: 9\n" {
			t.Errorf("%s: code %d, %q", verb, code, stderr)
		}
	}
}

// The flag counts, not the variable; and the variable, not what is found.
func TestCtlWhichSocket(t *testing.T) {
	path := serveCtl(t, &ctlTarget{})
	environ := []string{"HIGHBALL_CONTROL=/none", "XDG_RUNTIME_DIR=/none"}
	if code, _, stderr := ctlRun(t, environ, "status", "--control", path); code != exitOK {
		t.Errorf("flag: %s", stderr)
	}
	if code, _, stderr := ctlRun(t, environ, "status"); code != exitFailure || !strings.Contains(stderr, "/none: there is no such socket") {
		t.Errorf("variable: code %d, %s", code, stderr)
	}
}

func TestCtlInterrupted(t *testing.T) {
	target := &ctlTarget{entered: make(chan struct{})}
	path := serveCtl(t, target)
	p, signals := withSignals()
	root := p.rootCommand()
	root.SetArgs([]string{"ctl", "reload", "--control", path})
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(t.Context()) }()
	<-target.entered
	signals <- os.Interrupt
	if err := <-ended; !errors.Is(err, errInterrupted) {
		t.Errorf("got %v", err)
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                    "0ms",
		999900 * time.Microsecond:       "999ms",
		time.Second:                     "1.0s",
		1290 * time.Millisecond:         "1.2s",
		59990 * time.Millisecond:        "59.9s",
		time.Minute:                     "1m00s",
		59*time.Minute + 59*time.Second: "59m59s",
		4*time.Hour + 5*time.Minute:     "4h05m",
		24 * time.Hour:                  "1d00h",
		76*time.Hour + 59*time.Minute:   "3d04h",
		1000 * 24 * time.Hour:           "1000d00h",
	} {
		if got := age(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

func TestWriteIndented(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"\n":                    "",
		"one":                   "    one\n",
		"  a\n    b\n":          "    a\n      b\n",
		"  a\n\n  b\r\n":        "    a\n\n    b\n",
		"a\n  b":                "    a\n      b\n",
		"  \x1b[1m\u202e\xff é": `    \x1b[1m\u202e\xff é` + "\n",
	} {
		var b strings.Builder
		writeIndented(&b, text)
		if b.String() != want {
			t.Errorf("%q: got %q, want %q", text, b.String(), want)
		}
	}
}

func TestSpoolText(t *testing.T) {
	for want, s := range map[string]control.Spool{
		"there is no directory for them":                     {},
		"none, in /tmp":                                      {Dir: "/tmp"},
		"none, at most 1.0 MiB, in /tmp":                     {Dir: "/tmp", Quota: 1 << 20},
		"1 hold 0.0 MiB, in /tmp":                            {Dir: "/tmp", Files: 1},
		"2 hold 45.5 MiB, at most 8192.0 MiB, in /var/spool": {Dir: "/var/spool", Files: 2, Held: 91 << 19, Quota: 8 << 30},
	} {
		if got := spoolText(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
