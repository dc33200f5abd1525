package h1_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"highball/internal/h1/h1test"
)

// The corpus against net/http. It shows that the corpus is sane: what it calls
// well-formed another server takes as well, and reads alike.

var update = flag.Bool("update", false, "rewrite testdata/nethttp.txt")

const (
	nethttpFile = "testdata/nethttp.txt"
	patience    = 20 * time.Second
)

// nethttpWaits are the refused cases that net/http refuses only at the end of the
// connection: it takes the size of such a chunk for what it is, a number of 64 bits.
var nethttpWaits = []string{"rfc9112-7.1-size-overflow-63", "rfc9112-7.1-size-overflow-highest"}

// behind is the request that is sent after each case.
const behind = "GET /behind-it HTTP/1.1\r\nHost: behind.example\r\n\r\n"

// nethttpExceptions are the accepted cases that net/http does not take so, and why.
var nethttpExceptions = map[string]string{
	"rfc9112-2.2-empty-line-before":         "it refuses empty lines, which RFC 9112 2.2 says should be ignored, but for one after a POST",
	"rfc9112-2.2-eight-empty-lines-before":  "likewise",
	"rfc9112-7.1.1-bws-before":              "it refuses whitespace before an extension, which RFC 9112 7.1.1 says has to be parsed",
	"rfc9112-7.1.1-bws-many":                "likewise",
	"rfc9112-7.1.1-bws-tabs":                "likewise",
	"rfc9110-10.1.1-http-1.0-other":         "it answers 417 to HTTP/1.0 as well, where RFC 9110 10.1.1 has only 100-continue ignored",
	"rfc9112-7.1-size-17-digits":            "it takes 16 digits at most, the zeros before a size included",
	"rfc9112-7.1-last-chunk-17-zeros":       "likewise",
	"rfc3986-3.2.2-absolute-ipvfuture":      "net/url knows no IPvFuture",
	"rfc3986-3.2.2-absolute-percent-letter": "net/url takes percent-encoding in a host only where it has to be",
	"rfc9112-9.3-http-1.0-both":             "it keeps HTTP/1.0 connections if keep-alive is there, though close is too; RFC 9112 9.3 says close first",
}

// seen is a request as net/http's handler saw it.
type seen struct {
	*http.Request
	body    []byte
	bodyErr error
}

// outcome is what came of the bytes of one connection.
type outcome struct {
	seen     []seen
	statuses []int // of the final responses, in order
}

func (o outcome) String() string {
	var targets []string
	for _, s := range o.seen {
		target := s.Method + " " + s.RequestURI
		if len(target) > 60 {
			target = target[:60] + "..."
		}
		if s.bodyErr != nil {
			target += " (body failed)"
		}
		targets = append(targets, h1test.Escape([]byte(target)))
	}
	return fmt.Sprintf("answers %d, handler saw %q", o.statuses, targets)
}

// nethttp is a server that keeps what its handler sees.
type nethttp struct {
	address string
	mu      sync.Mutex
	seen    map[net.Conn][]seen
}

type connKey struct{}

func startNetHTTP(t *testing.T) *nethttp {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &nethttp{address: l.Addr().String(), seen: map[net.Conn][]seen{}}
	server := &http.Server{
		Handler:                      n,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return n
}

func (n *nethttp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := seen{Request: r}
	s.body, s.bodyErr = io.ReadAll(r.Body)
	conn := r.Context().Value(connKey{}).(net.Conn)
	n.mu.Lock()
	n.seen[conn] = append(n.seen[conn], s)
	n.mu.Unlock()
	w.Header().Set("Content-Length", "0")
	if s.bodyErr != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (n *nethttp) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", n.address, patience)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// send sends the bytes and then nothing more, and gives what came of them.
func (n *nethttp) send(t *testing.T, request []byte) (o outcome) {
	t.Helper()
	conn := n.dial(t)
	defer conn.Close()
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		_, _ = conn.Write(request) // a refusal may come before the end
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	o.statuses = readStatuses(t, conn)
	<-wrote
	n.mu.Lock()
	defer n.mu.Unlock()
	for server, requests := range n.seen {
		if server.RemoteAddr().String() == conn.LocalAddr().String() {
			o.seen = requests
			delete(n.seen, server)
		}
	}
	return o
}

// readStatuses reads responses up to the connection's end, all without a body or
// with one that the connection's end ends.
func readStatuses(t *testing.T, conn net.Conn) (statuses []int) {
	t.Helper()
	r := bufio.NewReader(conn)
	for {
		response, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection does not end")
			}
			return statuses
		}
		_, _ = io.Copy(io.Discard, response.Body)
		if response.StatusCode >= 200 {
			statuses = append(statuses, response.StatusCode)
		}
	}
}

func TestNetHTTPTakesWhatIsAccepted(t *testing.T) {
	server := startNetHTTP(t)
	for _, c := range loadCorpus(t).Accept {
		o := server.send(t, append(bytes.Clone(c.Request), behind...))
		difference := compare(c, o)
		reason, excepted := nethttpExceptions[c.Name]
		switch {
		case difference != "" && !excepted:
			t.Errorf("%s: %s\n%s", c.Name, difference, o)
		case difference == "" && excepted:
			t.Errorf("%s: net/http takes it, though there is an exception: %s", c.Name, reason)
		}
	}
}

// compare says what net/http did otherwise than the case wants.
func compare(c h1test.Accepted, o outcome) string {
	wanted := 2
	if c.Close {
		wanted = 1
	}
	if len(o.seen) != wanted || len(o.statuses) != wanted {
		return fmt.Sprintf("want %d requests seen and answered", wanted)
	}
	s := o.seen[0]
	for _, pair := range []struct {
		what      string
		got, want any
	}{
		{"method", s.Method, c.Method},
		{"target", s.RequestURI, c.Target},
		{"version", s.Proto, c.Version},
		{"host", s.Host, c.Host},
		{"close", s.Close, c.Close},
		{"body's error", s.bodyErr, nil},
		{"body", string(s.body), string(c.Body)},
		{"framing", framing(s.Request), c.Framing},
		{"fields", s.Header, headerOf(c.Fields, "Transfer-Encoding", "Trailer")},
		{"trailers", only(s.Trailer, c.Trailers), headerOf(c.Trailers)},
	} {
		if !reflect.DeepEqual(pair.got, pair.want) {
			return fmt.Sprintf("%s is %q, want %q", pair.what, pair.got, pair.want)
		}
	}
	return ""
}

func framing(r *http.Request) h1test.Framing {
	switch {
	case len(r.TransferEncoding) > 0:
		return h1test.Chunked
	case r.Header.Get("Content-Length") != "":
		return h1test.Length
	}
	return h1test.None
}

// headerOf gives fields as net/http keeps them: by name, without those that it moves
// elsewhere.
func headerOf(fields []h1test.Field, without ...string) http.Header {
	header := http.Header{}
	for _, f := range fields {
		header.Add(f.Name, f.Value)
	}
	for _, name := range without {
		header.Del(name)
	}
	return header
}

// only gives the trailers of these names: net/http has those that were not declared, too.
func only(trailers http.Header, wanted []h1test.Field) http.Header {
	header := http.Header{}
	for _, f := range wanted {
		key := textproto.CanonicalMIMEHeaderKey(f.Name)
		header[key] = trailers[key]
	}
	return header
}

// What has to be refused net/http refuses as well, or it is in the list.
func TestNetHTTPRefusesWhatIsRefused(t *testing.T) {
	server := startNetHTTP(t)
	var list strings.Builder
	list.WriteString("# What has to be refused, and net/http answers otherwise. The status that is wanted, what net/http\n" +
		"# answers, to the case and then to the request behind it, and whether its handler ran for it. Written by -update.\n")
	for _, c := range loadCorpus(t).Refuse {
		o := server.send(t, append(bytes.Clone(c.Request), behind...))
		if !refused(c, o) {
			fmt.Fprintf(&list, "%s: want %d; %s\n", c.Name, c.Status, o)
		}
	}
	if *update {
		if err := os.WriteFile(nethttpFile, []byte(list.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(nethttpFile)
	if err != nil {
		t.Fatal(err)
	}
	if got := list.String(); got != string(golden) {
		t.Errorf("net/http does otherwise than %s says; look at the difference after -update. Now:\n%s", nethttpFile, got)
	}
}

// refused says whether net/http did what the case wants: one answer, and no request
// seen but one whose body failed.
func refused(c h1test.Refused, o outcome) bool {
	for _, s := range o.seen {
		if c.At == h1test.Head || s.bodyErr == nil {
			return false
		}
	}
	return len(o.statuses) == 1 && o.statuses[0] == c.Status
}

// A refused case is complete: who refuses it waits neither for more nor for the end.
func TestNetHTTPRefusesWithoutWaiting(t *testing.T) {
	server := startNetHTTP(t)
	for _, c := range loadCorpus(t).Refuse {
		if slices.Contains(nethttpWaits, c.Name) || !refused(c, server.send(t, append(bytes.Clone(c.Request), behind...))) {
			continue
		}
		conn := server.dial(t)
		_, _ = conn.Write(c.Request)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || response.StatusCode != c.Status {
			t.Errorf("%s: %v, want an answer to these bytes alone", c.Name, err)
		}
		_ = conn.Close()
	}
}
