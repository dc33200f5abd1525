package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"

	"highball/internal/h1"
)

// peer is a kind of server that the corpus is sent to.
type peer struct {
	name  string
	about string // how it is run, for the page
	start func(b *bench, r *recorder) (*server, error)
}

// server is a running one.
type server struct {
	addr    string
	version string
	stop    func()
}

func peers() []peer {
	return []peer{
		{"engine", "`internal/h1` with a handler in Go", startEngine},
		{"highball", "`highball run`, as it comes", startHighball},
		{"net/http", "`http.Server` of Go's library, as it comes", startNetHTTP},
		{"gunicorn", "worker class `gthread`, since `sync` closes each connection; else as it comes", startGunicorn},
		{"granian", "interface `wsgi`, else as it comes", startGranian},
		{"nginx", "as a proxy, `proxy_set_header Host $http_host`, else as it comes; judged by what it forwards", startNginx},
		{"apache", "with mod_wsgi in embedded mode, `WSGIChunkedRequest On`, without which it answers 411 to all chunks; else as it comes", startApache},
	}
}

// startEngine serves with our own engine, in this process.
func startEngine(b *bench, r *recorder) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	engine := &h1.Server{Handler: r, Logger: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(context.Background())
	go acceptAll(l, func(c net.Conn) { engine.ServeConn(ctx, c) })
	return &server{addr: l.Addr().String(), version: "of this tree", stop: func() { cancel(); _ = l.Close() }}, nil
}

// startNetHTTP serves with Go's own server, in this process.
func startNetHTTP(b *bench, r *recorder) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &http.Server{Handler: r, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = s.Serve(l) }()
	return &server{addr: l.Addr().String(), version: goVersion(), stop: func() { _ = s.Close() }}, nil
}

func startHighball(b *bench, r *recorder) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(b.dir, "highball")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/highball")
	build.Dir = b.root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, failed("building Highball", err, out)
	}
	cmd := exec.Command(binary, "run", "echo:application", "--chdir", b.dir, "--python", b.python, "--bind", addr, "--threads", "8")
	return b.startProcess(cmd, addr, "of this tree", r)
}

func startGunicorn(b *bench, r *recorder) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(b.python, "-m", "gunicorn", "echo:application", "--chdir", b.dir, "--bind", addr, "--worker-class", "gthread", "--threads", "32")
	return b.startProcess(cmd, addr, b.distribution("gunicorn"), r)
}

func startGranian(b *bench, r *recorder) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(filepath.Join(filepath.Dir(b.python), "granian"), "echo:application", "--interface", "wsgi",
		"--working-dir", b.dir, "--host", host, "--port", port, "--blocking-threads", "16")
	return b.startProcess(cmd, addr, b.distribution("granian"), r)
}

// startNginx starts nginx before a server of ours that takes down what it is sent.
func startNginx(b *bench, r *recorder) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	origin, err := newOrigin(r)
	if err != nil {
		return nil, err
	}
	conf, err := b.write("nginx.conf", nginxConf, "ADDR", addr, "ORIGIN", origin.Addr().String(), "DIR", b.dir, "CLIENT", clientField)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("nginx", "-p", b.dir, "-c", conf, "-e", "stderr")
	s, err := b.startProcess(cmd, addr, lastField(combined("nginx", "-v"), "nginx/"), r)
	if err != nil {
		return nil, err
	}
	stop := s.stop
	s.stop = func() { stop(); _ = origin.Close() }
	return s, nil
}

func startApache(b *bench, r *recorder) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	conf, err := b.write("apache.conf", apacheConf, "ADDR", addr, "DIR", b.dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("apache2", "-d", b.dir, "-f", conf, "-DFOREGROUND")
	version := lastField(combined("apache2", "-v"), "Apache/")
	if wsgi := combined("dpkg-query", "-W", "-f", "${Version}", "libapache2-mod-wsgi-py3"); wsgi != "" {
		version += ", mod_wsgi " + strings.SplitN(wsgi, "-", 2)[0]
	}
	return b.startProcess(cmd, addr, version, r)
}

// lastField gives the word behind mark in text.
func lastField(text, mark string) string {
	_, after, _ := strings.Cut(text, mark)
	word, _, _ := strings.Cut(strings.TrimSpace(after), "\n")
	word, _, _ = strings.Cut(word, " ")
	return word
}
