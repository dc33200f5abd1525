// Command go_embed is a Go program with a Python application in it: Go handlers
// answer some paths, a Flask application those under /shop.
//
//	make demo   # in the root, for the virtualenv with Flask; end it again
//	go run ./examples/go_embed -python .venv/bin/python
//
// Open http://127.0.0.1:8080/ and http://127.0.0.1:8080/shop/.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"highball"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "the address to serve on")
	app := flag.String("app", "examples/flask_app", "the Python application's directory")
	python := flag.String("python", "", "the interpreter, by default the virtualenv's or python3")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, highball.Config{Dir: *app, Python: *python, Workers: 2}); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, address string, cfg highball.Config) error {
	shop, err := highball.New(cfg)
	if err != nil {
		return err
	}
	if err := shop.Start(ctx); err != nil { // now, rather than with the first request
		return err
	}
	server := &http.Server{
		Handler: highball.Mount{
			"/shop": shop, // Flask sees SCRIPT_NAME "/shop"
			"/time": http.HandlerFunc(showTime),
			"/":     http.HandlerFunc(welcome),
		},
		ReadHeaderTimeout: 30 * time.Second,
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return errors.Join(err, shop.Close())
	}
	log.Printf("serving on http://%s/", listener.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return errors.Join(err, shop.Close())
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// First the connections, then the workers that answer them.
	return errors.Join(server.Shutdown(drain), shop.Shutdown(drain))
}

func welcome(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintln(w, `Go answers here. <a href="/shop/">Flask answers there</a>, <a href="/time">Go again</a>.`)
}

func showTime(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, time.Now().Format(time.RFC1123))
}
