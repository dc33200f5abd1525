//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"highball"
	"highball/internal/calltrace"
	"highball/internal/front"
	"highball/internal/settings"
)

// traceGrace is how long, after the response, the application is waited for: its
// close() may still run.
const traceGrace = time.Second

// requestError is a request that cannot be sent as it was given.
type requestError struct{ err error }

func (e *requestError) Error() string { return e.err.Error() }
func (e *requestError) Unwrap() error { return e.err }

// traceRequest serves one request as `highball run` would and returns what
// happened. With an error there may be a document all the same.
func (p *program) traceRequest(ctx context.Context, values settings.Values, request *calltrace.Request) (*calltrace.Document, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	request.Host = listener.Addr().String()
	data, err := request.Bytes()
	if err != nil {
		return nil, &requestError{err}
	}
	recorder := calltrace.New(request)
	heading := headingHandler{onlyApplication: p.applicationLog(values)}
	logger := slog.New(&heading)
	cfg := serverConfig(values, logs{server: logger})
	if cfg, err = tracedApp(cfg, data); err != nil {
		return nil, err
	}
	cfg.Workers, cfg.Threads, cfg.Preload, cfg.Trace = 1, 1, false, recorder.Event
	recorder.ScriptName, recorder.Environ = cfg.ScriptName, cfg.Environ
	srv, err := highball.New(cfg)
	if err != nil {
		return nil, err
	}
	defer srv.Close()
	if err := srv.Start(ctx); err != nil {
		return nil, err
	}
	web := front.New(srv, front.Options{Logger: logger})
	go func() { _ = web.Serve(listener) }()
	defer web.Close()

	status, err := exchange(ctx, listener.Addr().String(), data, request.Method, recorder)
	recorder.Await(traceGrace)
	stop, stopped := context.WithTimeout(context.Background(), traceGrace)
	defer stopped()
	_ = srv.Shutdown(stop)
	return &calltrace.Document{
		Application: heading.application, Request: request.Method + " " + request.Target, Status: status, Steps: recorder.Steps(),
	}, err
}

// tracedApp is the Config of the one of several applications that the request is for.
func tracedApp(cfg highball.Config, request []byte) (highball.Config, error) {
	if len(cfg.Apps) == 0 {
		return cfg, nil
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
	if err != nil {
		return cfg, &requestError{fmt.Errorf("which application is it for? %w", err)}
	}
	app, ok := cfg.Route(r.Host, r.URL.Path)
	if !ok {
		return cfg, errors.New("no application has this host and path: name another host by -H 'Host: NAME'")
	}
	return cfg.Alone(app), nil
}

// exchange sends the request over a connection and records what comes back. It
// returns the response's status, 0 where none came.
func exchange(ctx context.Context, address string, data []byte, method string, recorder *calltrace.Recorder) (int, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	recorder.Sent(data)
	written := make(chan struct{})
	go func() { // while the answer is read: the application may echo
		defer close(written)
		_, _ = conn.Write(data)
	}()
	reader := bufio.NewReader(tee{conn, recorder})
	status := 0
	for {
		response, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return status, fmt.Errorf("no response came: %w", err)
		}
		status = response.StatusCode
		if _, err = io.Copy(io.Discard, response.Body); err != nil {
			return status, fmt.Errorf("the response is incomplete: %w", err)
		}
		if status >= 200 {
			_ = conn.Close()
			<-written
			return status, nil
		}
	}
}

// tee records what is read from the connection.
type tee struct {
	conn     net.Conn
	recorder *calltrace.Recorder
}

func (t tee) Read(p []byte) (int, error) {
	n, err := t.conn.Read(p)
	if n > 0 {
		t.recorder.Received(p[:n])
	}
	if errors.Is(err, net.ErrClosed) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// headingHandler leaves out the server's start-up lines, but takes the
// application's name from them.
type headingHandler struct {
	onlyApplication
	application string
}

func (h *headingHandler) Handle(ctx context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "target" && record.Message == "application" {
			h.application = a.Value.String()
		}
		return true
	})
	return h.onlyApplication.Handle(ctx, record)
}
