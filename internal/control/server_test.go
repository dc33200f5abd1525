package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestQuestions(t *testing.T) {
	target := full()
	client := serve(t, target)
	check := func(name string, got any, err error, want any) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
	status, err := client.Status(t.Context())
	check("status", status, err, target.status)
	workers, err := client.Workers(t.Context())
	check("workers", workers, err, target.workers)
	requests, err := client.Requests(t.Context())
	check("requests", requests, err, []Request{full().requests[1], full().requests[0]}) // the oldest first
	stacks, err := client.Stacks(t.Context())
	check("stacks", stacks, err, target.stacks)
}

func TestOrders(t *testing.T) {
	target := full()
	client := serve(t, target)
	for _, err := range []error{
		client.Reload(t.Context(), ""), client.Scale(t.Context(), "", 8), client.Recycle(t.Context(), 1),
		client.Drain(t.Context(), 2), client.Reload(t.Context(), "/a&b"), client.Scale(t.Context(), "/a b", 3), client.Stop(t.Context()),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{"reload", "scale 8", "recycle 1", "drain 2", "reload app=%2Fa%26b", "scale 3 app=%2Fa+b", "stop"}
	if !slices.Equal(target.orders, want) {
		t.Errorf("got %q, want %q", target.orders, want)
	}
}

func TestOrdersFail(t *testing.T) {
	target := full()
	client := serve(t, target)
	orders := map[string]func() error{
		"reload":  func() error { return client.Reload(t.Context(), "") },
		"scale":   func() error { return client.Scale(t.Context(), "", 8) },
		"recycle": func() error { return client.Recycle(t.Context(), 1) },
		"drain":   func() error { return client.Drain(t.Context(), 2) },
	}
	const traceback = "Traceback (most recent call last):\n  File \"app.py\"\nNameError: x"
	for name, tell := range orders {
		target.fails = fmt.Errorf("worker 1: %w", ErrNoWorker)
		if err := tell(); !errors.Is(err, ErrNoWorker) || errors.Is(err, ErrBusy) || err.Error() != target.fails.Error() {
			t.Errorf("%s: got %v, want %v", name, err, target.fails)
		}
		target.fails = fmt.Errorf("%w: a reload", ErrBusy)
		if err := tell(); !errors.Is(err, ErrBusy) || errors.Is(err, ErrNoWorker) || err.Error() != target.fails.Error() {
			t.Errorf("%s: got %v, want %v", name, err, target.fails)
		}
		target.fails = errors.New(traceback)
		if err := tell(); err == nil || err.Error() != traceback || errors.Is(err, ErrBusy) || errors.Is(err, ErrNoWorker) {
			t.Errorf("%s: got %v, want the traceback", name, err)
		}
	}
}

// raw sends a request as any program might.
func raw(t *testing.T, client *Client, method, what string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://highball/v1/"+what, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("%s %s: Content-Type %q", method, what, kind)
	}
	return response.StatusCode, string(text)
}

func TestStatusOfAnswers(t *testing.T) {
	target := full()
	client := serve(t, target)
	tests := []struct {
		method, what string
		fails        error
		status       int
		text         string // in the error
	}{
		{"POST", "reload", nil, 200, ""},
		{"POST", "recycle?worker=9", fmt.Errorf("%w: 9", ErrNoWorker), 404, "no such worker: 9"},
		{"POST", "drain?worker=9", fmt.Errorf("%w: 9", ErrNoWorker), 404, "no such worker: 9"},
		{"POST", "reload", fmt.Errorf("%w: a reload", ErrBusy), 409, "another order is in progress: a reload"},
		{"POST", "scale?n=2", errors.New("no memory"), 500, "no memory"},
		{"POST", "scale", nil, 400, `n="" is not a whole number`},
		{"POST", "scale?n=-1", nil, 400, `n="-1" is not a whole number`},
		{"POST", "drain?worker=x", nil, 400, `worker="x" is not a whole number`},
		{"GET", "reload", nil, 501, "does not know GET /v1/reload"},
		{"POST", "status", nil, 501, "does not know POST /v1/status"},
		{"GET", "nonsense", nil, 501, "does not know GET /v1/nonsense"},
	}
	for _, tt := range tests {
		target.fails = tt.fails
		status, body := raw(t, client, tt.method, tt.what)
		var said struct {
			Error string
			OK    bool
		}
		if err := json.Unmarshal([]byte(body), &said); err != nil {
			t.Errorf("%s %s: %v in %q", tt.method, tt.what, err, body)
		}
		if status != tt.status || !strings.Contains(said.Error, tt.text) || said.OK != (status == 200) || (said.Error == "") != said.OK {
			t.Errorf("%s %s: got %d %q, want %d and %q", tt.method, tt.what, status, body, tt.status, tt.text)
		}
	}
}

// Programs that read the JSON should not meet null where there is a list.
func TestListsAreNeverNull(t *testing.T) {
	client := serve(t, &fake{stacks: []Stacks{{}}})
	for _, what := range []string{"status", "workers", "requests", "stacks"} {
		if _, body := raw(t, client, "GET", what); strings.Contains(body, "null") {
			t.Errorf("%s: %s", what, body)
		}
	}
}

func TestPanicIsAnswered(t *testing.T) {
	client := serve(t, &fake{panics: true})
	_, err := client.Status(t.Context())
	wantText(t, err, "panic in the server: out of cheese", "harness_test.go")
	if _, err := client.Workers(t.Context()); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// The order to stop is answered though the socket closes while it is carried out.
func TestStopIsAnswered(t *testing.T) {
	target := full()
	path := filepath.Join(shortDir(t), "s")
	var l net.Listener
	target.onStop = func() { l.Close() }
	l = serveAt(t, path, target)
	if err := Dial(path).Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if exists(path) {
		t.Error("the socket is still there")
	}
}

func TestServeReportsOtherErrors(t *testing.T) {
	wantText(t, Serve(brokenListener{}, full()), "control socket: on fire")
}

type brokenListener struct{ net.Listener }

func (brokenListener) Accept() (net.Conn, error) { return nil, errors.New("on fire") }
func (brokenListener) Close() error              { return nil }
