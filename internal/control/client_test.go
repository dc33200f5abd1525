package control

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hung is a server that accepts, by the kernel, and never answers.
func hung(t *testing.T, path string) {
	t.Helper()
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}

func TestQuestionsEndWhenTheServerHangs(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	hung(t, path)
	client := Dial(path)
	if client.answerTime != 5*time.Second || questionTime >= client.answerTime {
		t.Errorf("a question takes up to %v, of it the server's %v", client.answerTime, questionTime)
	}
	client.answerTime = 20 * time.Millisecond
	_, statusErr := client.Status(t.Context())
	_, workersErr := client.Workers(t.Context())
	_, requestsErr := client.Requests(t.Context())
	_, stacksErr := client.Stacks(t.Context())
	for name, err := range map[string]error{
		"status": statusErr, "workers": workersErr, "requests": requestsErr, "stacks": stacksErr,
		"scale": client.Scale(t.Context(), "", 1), "stop": client.Stop(t.Context()),
	} {
		if !errors.Is(err, errSilent) || !strings.Contains(err.Error(), "nothing came for 20ms") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What may take long is not bounded by the time for questions.
func TestLongOrdersAreNotBounded(t *testing.T) {
	client := serve(t, full())
	client.answerTime = -1 // over already
	if _, err := client.Status(t.Context()); !errors.Is(err, errSilent) {
		t.Fatalf("status: got %v, so this test proves nothing", err)
	}
	for _, err := range []error{client.Reload(t.Context(), ""), client.Recycle(t.Context(), 1), client.Drain(t.Context(), 1)} {
		if err != nil {
			t.Error(err)
		}
	}
}

// Ctrl-C ends the command, and the server learns of it.
func TestLongOrderIsInterrupted(t *testing.T) {
	target := full()
	target.entered, target.left = make(chan struct{}), make(chan struct{})
	client := serve(t, target)
	errCtrlC := errors.New("Ctrl-C")
	ctx, interrupt := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- client.Reload(ctx, "") }()
	<-target.entered
	interrupt(errCtrlC)
	if err := <-ended; !errors.Is(err, errCtrlC) {
		t.Errorf("got %v", err)
	}
	<-target.left // else the test does not end
}

func TestNoConnection(t *testing.T) {
	dir := shortDir(t)
	dead := filepath.Join(dir, "dead")
	leaveDead(t, dead)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ path, text string }{
		{filepath.Join(dir, "none"), "/none: there is no such socket: is the server running?"},
		{dead, "/dead: nobody listens there: the server has ended"},
		{file, "/file: nobody listens there"},
		{filepath.Join(dir, strings.Repeat("x", maxPath)), "choose a shorter one with --control"},
	}
	for _, tt := range tests {
		_, err := Dial(tt.path).Status(t.Context())
		wantText(t, err, tt.text)
	}
}

func TestNoPermission(t *testing.T) {
	err := Dial("/run/s").explain(t.Context(), &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)})
	wantText(t, err, "/run/s: this user", "may not open it: be root or the user that the server runs as")
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %#v, want fs.ErrPermission in it", err)
	}
}

// answering is a server that is not ours.
func answering(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	path := filepath.Join(shortDir(t), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handle}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return Dial(path)
}

func TestStrangeServers(t *testing.T) {
	client := answering(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/status":
			_, _ = w.Write([]byte("<html>"))
		case "/v1/workers":
			http.Error(w, "nothing here", http.StatusNotFound)
		default:
			panic(http.ErrAbortHandler)
		}
	})
	_, err := client.Status(t.Context())
	wantText(t, err, "not a control socket of highball")
	_, err = client.Workers(t.Context())
	wantText(t, err, "answers 404 Not Found without a reason")
	if errors.Is(err, ErrNoWorker) {
		t.Error("any server's 404 is taken for ErrNoWorker")
	}
	_, err = client.Stacks(t.Context())
	wantText(t, err, "the server ended before it had answered")
}
