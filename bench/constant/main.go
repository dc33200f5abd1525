// Command constant answers every request with the same few bytes, by the engine that
// is named: what HTTP/1.1 itself costs, without an application.
//
// usage: constant h1|nethttp|bare ADDRESS
package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"

	"highball/internal/front"
	"highball/internal/rawio"
)

const body = "hello, world"

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: constant h1|nethttp|bare ADDRESS")
		os.Exit(2)
	}
	runtime.GOMAXPROCS(1) // as the server does on two processors
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "constant:", err)
		os.Exit(1)
	}
}

func serve(engine, address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	switch engine {
	case "h1":
		s := front.New(http.HandlerFunc(asTheGateway), front.Options{Logger: slog.Default()})
		s.Borrow()
		return s.Serve(l)
	case "nethttp":
		return http.Serve(l, http.HandlerFunc(asAnybody))
	}
	return serveBare(l)
}

// field is the type of the heads that the gateway writes.
type field = struct{ Name, Value string }

// asTheGateway writes its head as the gateway does.
func asTheGateway(w http.ResponseWriter, _ *http.Request) {
	fields := [...]field{{"Content-Type", "text/plain"}, {"Content-Length", "12"}}
	w.(interface {
		WriteHead(status int, reason string, fields []field)
	}).WriteHead(http.StatusOK, "OK", fields[:])
	_, _ = w.Write([]byte(body))
}

func asAnybody(w http.ResponseWriter, _ *http.Request) {
	w.Header()["Content-Type"] = []string{"text/plain"}
	w.Header()["Content-Length"] = []string{"12"}
	_, _ = w.Write([]byte(body))
}

// serveBare has a goroutine for each connection that looks for nothing but the end of
// a head: the floor.
func serveBare(l net.Listener) error {
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\n" + body)
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			raw, err := rawio.New(c.(*net.TCPConn))
			for p := make([]byte, 4<<10); err == nil; {
				var n int
				if n, err = raw.Read(p); err == nil && bytes.HasSuffix(p[:n], []byte("\r\n\r\n")) {
					_, err = raw.Write(answer)
				}
			}
		}()
	}
}
