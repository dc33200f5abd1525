package main

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"

	"highball/internal/h1/h1test"
)

// clientField is how a proxy tells the origin who its client is.
const clientField = "X-Conformance-Client"

// seenAnswer is what an application answers that has seen a request.
const seenAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConformance: seen\r\nConnection: close\r\n\r\n"

// newOrigin is a server behind a proxy, which takes down what the proxy forwards,
// whatever that is.
func newOrigin(r *recorder) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go acceptAll(l, r.takeForwarded)
	return l, nil
}

func (r *recorder) takeForwarded(c net.Conn) {
	defer c.Close()
	var data []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		data = append(data, buf[:n]...)
		if m, client, complete := parseForwarded(data); complete {
			r.add(client, &m)
			_, _ = c.Write([]byte(seenAnswer))
			return
		}
	}
}

// ServeHTTP is the application of the servers in this process.
func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	m := &message{method: request.Method}
	m.setTarget(request.RequestURI)
	m.setFields(fieldsOf(request.Header))
	m.host = request.Host
	client, _, _ := net.SplitHostPort(request.RemoteAddr)
	r.add(client, m)
	body, err := readAll(request.Body)
	if err != nil {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.complete(m, body)
	w.Header().Set("Content-Length", "0")
	w.Header().Set("Conformance", "seen")
}

// fieldsOf leaves out what would shadow other fields in environ, as gateways do:
// the handler itself can tell them apart.
func fieldsOf(header http.Header) (fields []h1test.Field) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if strings.Contains(name, "_") {
			continue
		}
		for _, value := range header[name] {
			fields = append(fields, h1test.Field{Name: name, Value: value})
		}
	}
	return fields
}
