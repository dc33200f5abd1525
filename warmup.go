package highball

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"highball/internal/gateway"
	"highball/internal/pool"
	"highball/internal/worker"
)

// warmUp returns what makes a new worker ready beyond its import, or nil.
func (s *Server) warmUp() func(pool.Process[*worker.Slot]) error {
	if len(s.cfg.WarmUp) == 0 {
		return nil
	}
	return func(p pool.Process[*worker.Slot]) error {
		g := gateway.New(gateway.Options{
			Acquire: firstSlot(p), ScriptName: s.cfg.ScriptName, RequestTimeout: max(s.cfg.RequestTimeout, 0),
			Logger: s.logger, QueueTimeField: s.cfg.QueueTimeHeader,
		})
		limit := max(s.cfg.StartTimeout, 0)
		if limit == 0 {
			return s.askAll(g)
		}
		// request-timeout does not end a response whose blocks go on for ever.
		timer := time.AfterFunc(limit, func() { p.Kill("its warm-up took longer than start-timeout") })
		err := s.askAll(g)
		if !timer.Stop() {
			return fmt.Errorf("the warm-up requests took longer than %s (start-timeout)", limit)
		}
		return err
	}
}

// askAll asks for each path in turn, and returns when the application is done with all.
func (s *Server) askAll(g *gateway.Gateway) error {
	for _, target := range s.cfg.WarmUp {
		status := ask(g, target, s.host)
		switch {
		case status >= 500:
			return fmt.Errorf("the warm-up request GET %s was answered %d", target, status)
		case status >= 400:
			s.logger.Warn("the application does not want a warm-up request; one with another host: --warmup http://HOST/PATH",
				"path", target, "status", status)
		}
	}
	g.Wait() // for what still runs in close()
	return nil
}

// firstSlot gives the first slot of a process to one request after the other.
func firstSlot(p pool.Process[*worker.Slot]) func(context.Context, gateway.Ask) (gateway.Lease, error) {
	return func(context.Context, gateway.Ask) (gateway.Lease, error) {
		select {
		case <-p.Exited():
			return gateway.Lease{}, errors.New("the worker has ended")
		default:
			return gateway.Lease{Slot: slot{p.Slots()[0]}, Release: func() {}, Condemn: p.Kill}, nil
		}
	}
}

// ask sends a request of the server's own, and returns the status of the answer. It is
// for host unless the target names another.
func ask(h http.Handler, target, host string) int {
	u, _ := url.Parse(target) // was checked
	host = cmp.Or(u.Host, host, "localhost")
	r := &http.Request{
		Method: http.MethodGet, URL: u, RequestURI: u.RequestURI(), Host: host, RemoteAddr: "127.0.0.1:0",
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
		Header: http.Header{"User-Agent": {"highball-warmup/" + Version}, "Accept": {"*/*"}},
	}
	w := &answer{header: http.Header{}}
	w.serve(h, r)
	return w.status
}

// answer takes a response of which only the status counts.
type answer struct {
	header http.Header
	status int
}

// serve takes a response that is cut for a failure of the worker's.
func (w *answer) serve(h http.Handler, r *http.Request) {
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler {
			w.status = http.StatusBadGateway
		} else if cause != nil {
			panic(cause)
		}
	}()
	h.ServeHTTP(w, r)
}

func (w *answer) Header() http.Header { return w.header }

func (w *answer) Write(p []byte) (int, error) { return len(p), nil }

func (w *answer) WriteHeader(status int) { w.status = status }

// FlushError has nothing to send.
func (w *answer) FlushError() error { return nil }

func checkWarmUp(targets []string) error {
	for _, target := range targets {
		u, err := url.Parse(target)
		if err != nil || !strings.HasPrefix(u.Path, "/") || u.Fragment != "" ||
			u.Host == "" && u.Scheme != "" || u.Host != "" && u.Scheme != "http" {
			return fmt.Errorf("warmup: %q is neither a path that begins with a slash nor http://HOST/PATH", target)
		}
	}
	return nil
}
