package highball_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"highball"
	"highball/internal/listen"
)

// running runs srv until stop is called, which returns Run's error.
func running(t *testing.T, srv *highball.Server) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	t.Cleanup(cancel)
	select {
	case <-srv.Ready():
	case err := <-ended:
		t.Fatalf("Run returned %v", err)
	case <-time.After(patience):
		t.Fatal("the server does not become ready")
	}
	return func() error { cancel(); return <-ended }
}

// pidAt is the worker that answers on a Unix socket; "" if none does.
func pidAt(t *testing.T, path string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) },
	}}
	response, err := client.Get("http://site.example/")
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return facts(t, string(body))["pid"]
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// addressesOf are the addresses of sockets, which are closed.
func addressesOf(sockets []highball.Socket) (addresses []string) {
	for _, s := range sockets {
		addresses = append(addresses, s.Address)
		_ = s.File.Close()
	}
	return addresses
}

// A server takes over the sockets of another and opens and leaves out what its
// settings say differently.
func TestHandOver(t *testing.T) {
	dir := t.TempDir()
	kept, dropped, added, control := filepath.Join(dir, "kept"), filepath.Join(dir, "dropped"), filepath.Join(dir, "added"), filepath.Join(dir, "ctl")
	old := site(t, func(cfg *highball.Config) {
		cfg.Bind, cfg.Control = []string{"unix:" + kept, "unix:" + dropped, "127.0.0.1:0"}, control
		cfg.ShutdownDelay = time.Hour
	})
	if _, err := old.Sockets(); !errors.Is(err, highball.ErrNotStarted) {
		t.Errorf("sockets before there are any: %v", err)
	}
	stopOld := running(t, old)
	sockets, err := old.Sockets()
	if err != nil {
		t.Fatal(err)
	}
	next := site(t, func(cfg *highball.Config) {
		cfg.Bind, cfg.Control = []string{"unix:" + added, "unix:" + kept}, control
		cfg.Workers, cfg.Sockets = 2, sockets
	})
	stopNext := running(t, next)
	inherited := next.Inherited()
	if want := []string{"unix:" + kept, "unix:" + control}; !slices.Equal(inherited, want) {
		t.Fatalf("inherited %v, want %v", inherited, want)
	}
	if err := old.HandOver(inherited); err != nil {
		t.Fatal(err)
	}
	if err := stopOld(); err != nil {
		t.Errorf("the old server: %v", err)
	}
	if exists(dropped) || !exists(kept) || !exists(control) {
		t.Errorf("the file of a dropped socket is there: %t, of a kept one: %t, of control: %t", exists(dropped), exists(kept), exists(control))
	}
	if pidAt(t, kept) == "" || pidAt(t, added) == "" {
		t.Error("the next server does not answer on its sockets")
	}
	if err := next.Own(); err != nil {
		t.Fatal(err)
	}
	if err := stopNext(); err != nil {
		t.Errorf("the next server: %v", err)
	}
	if exists(kept) || exists(added) || exists(control) {
		t.Error("the last server has left a socket's file")
	}
}

// A server whose start fails, or that ends before it owns the sockets, takes nothing
// from the one that has them.
func TestHandOverThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	old := site(t, func(cfg *highball.Config) { cfg.Bind = []string{"unix:" + path} })
	stopOld := running(t, old)
	before := pidAt(t, path)
	for _, app := range []string{"none.py", "tell.py"} {
		sockets, err := old.Sockets()
		if err != nil {
			t.Fatal(err)
		}
		next := site(t, func(cfg *highball.Config) {
			cfg.App, cfg.Bind, cfg.Sockets = app, []string{"unix:" + path}, sockets
		})
		if app == "none.py" {
			if err := next.Run(t.Context()); err == nil {
				t.Error("no error")
			}
		} else if err := running(t, next)(); err != nil {
			t.Error(err)
		}
		for range 4 {
			if got := pidAt(t, path); got != before {
				t.Errorf("after %s: worker %q answers, want %s", app, got, before)
			}
		}
	}
	if err := stopOld(); err != nil || exists(path) {
		t.Errorf("the old server ends with %v, its socket is left: %t", err, exists(path))
	}
}

// A Unix socket that clients cannot find is not handed over, but opened anew.
func TestHandOverOfALostSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	srv := site(t, func(cfg *highball.Config) { cfg.Bind = []string{"unix:" + path, "127.0.0.1:0"} })
	stop := running(t, srv)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	sockets, err := srv.Sockets()
	if err != nil {
		t.Fatal(err)
	}
	if got := addressesOf(sockets); !slices.Equal(got, []string{"127.0.0.1:0"}) {
		t.Errorf("handed over: %v", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := srv.HandOver([]string{"127.0.0.1:0"}); !errors.Is(err, highball.ErrClosed) {
		t.Errorf("handed over by a server that has stopped: %v", err)
	}
}

func TestSocketsThatAreNone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	srv := site(t, func(cfg *highball.Config) {
		cfg.Bind, cfg.Sockets = []string{"127.0.0.1:0"}, []highball.Socket{{Address: "127.0.0.1:0", File: r}}
	})
	if err := srv.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no listening socket") {
		t.Errorf("Run returned %v", err)
	}
}

// Names in a handover are those that every version of Highball knows: addresses, whatever
// is spoken there and however the socket was opened.
func TestNamesOfSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for bind, want := range map[string]string{
		"127.0.0.1:0?backlog=9&reuseport":   "127.0.0.1:0",
		"http://unix:" + path + "?mode=600": "unix:" + path,
	} {
		b, err := listen.ParseBind(bind)
		if err != nil {
			t.Fatal(err)
		}
		l, err := listen.Listen(t.Context(), b.Address, b.Options)
		if err != nil {
			t.Fatal(err)
		}
		if l.Name() != want {
			t.Errorf("%s is called %q, want %q", bind, l.Name(), want)
		}
		_ = l.Close()
	}
}
