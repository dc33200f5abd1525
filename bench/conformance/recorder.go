package main

import (
	"bufio"
	"encoding/json"
	"net"
	"sync"
)

// recorder takes down what an application sees, by the client's address.
type recorder struct {
	listener net.Listener
	mu       sync.Mutex
	seen     map[string][]*message
}

func newRecorder() (*recorder, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &recorder{listener: l, seen: map[string][]*message{}}
	go acceptAll(l, r.take)
	return r, nil
}

func acceptAll(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}

func (r *recorder) address() string { return r.listener.Addr().String() }

func (r *recorder) close() { _ = r.listener.Close() }

// told is a line of echo.py: the head, then the body.
type told struct {
	Client              string
	Method, Path, Query []byte
	Fields              [][2][]byte
	Body                []byte
}

// take reads what echo.py tells of one request.
func (r *recorder) take(c net.Conn) {
	defer c.Close()
	lines := json.NewDecoder(bufio.NewReader(c))
	var head, body told
	if lines.Decode(&head) != nil {
		return
	}
	m := &message{method: string(head.Method), path: string(head.Path), query: string(head.Query), fields: map[string]string{}}
	for _, f := range head.Fields {
		m.fields[string(f[0])] = string(f[1])
	}
	m.host = m.fields["HTTP_HOST"]
	m.tidy()
	r.add(head.Client, m)
	_, _ = c.Write([]byte{'.'}) // the application waits for it, so that nothing comes late
	if lines.Decode(&body) == nil {
		r.complete(m, string(body.Body))
		_, _ = c.Write([]byte{'.'})
	}
}

// add takes down a request whose body is not known yet.
func (r *recorder) add(client string, m *message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[client] = append(r.seen[client], m)
}

func (r *recorder) complete(m *message, body string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.body, m.whole = body, true
}

// of gives what was seen of a client so far.
func (r *recorder) of(client string) (list []message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.seen[client] {
		list = append(list, *m)
	}
	return list
}
