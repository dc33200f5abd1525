//go:build !windows

package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"highball"
)

// mountedMain is the program with the application mounted in net/http's own server, as
// a Go program would: the end-to-end tests run over both engines (HIGHBALL_TEST_ENGINE).
func mountedMain() {
	p := &program{stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), signals: subscribe}
	p.newServer = func(cfg highball.Config) (server, error) {
		cfg.Standalone = true
		srv, err := highball.New(cfg)
		return mounted{srv, cfg}, err
	}
	os.Exit(p.execute(context.Background(), os.Args[1:], os.Stdin))
}

type mounted struct {
	*highball.Server
	cfg highball.Config
}

// Run serves on the first address until ctx ends.
func (m mounted) Run(ctx context.Context) error {
	l, err := net.Listen("tcp", m.cfg.Bind[0])
	if err != nil {
		return err
	}
	if err := m.Start(ctx); err != nil {
		return err
	}
	web := &http.Server{Handler: m.Server, Protocols: new(http.Protocols), MaxHeaderBytes: 64 << 10}
	web.Protocols.SetHTTP1(true)
	web.Protocols.SetUnencryptedHTTP2(true)
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(l) }()
	m.cfg.Logger.Info("listening on http://" + l.Addr().String())
	select {
	case err = <-ended:
	case <-ctx.Done():
		drain, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err = errors.Join(web.Shutdown(drain), web.Close())
	}
	stop, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(err, m.Shutdown(stop))
}
