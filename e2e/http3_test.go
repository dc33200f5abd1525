package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"highball/e2e/harness"
	"highball/internal/certs/certstest"
)

// http3Server serves https and HTTP/3 with a certificate of the test's.
type http3Server struct {
	*harness.Server
	quic, https string // addresses
	roots       *x509.CertPool
}

// http3Args are the flags for it.
func http3Args(t *testing.T) (args []string, roots *x509.CertPool) {
	t.Helper()
	ca := certstest.Root(t, "a root")
	issued := ca.Issue(t, []string{"h3.test"})
	file := certstest.Write(t, filepath.Join(t.TempDir(), "both.pem"), issued.Cert, issued.Key)
	return []string{"--bind", "https://127.0.0.1:0", "--bind", "h3://127.0.0.1:0", "--certfile", file}, ca.Pool()
}

// newHTTP3 finds the addresses in the log.
func newHTTP3(t *testing.T, s *harness.Server, roots *x509.CertPool) *http3Server {
	t.Helper()
	h := &http3Server{Server: s, roots: roots}
	for scheme, address := range map[string]*string{"h3://": &h.quic, "https://": &h.https} {
		s.Wait(t, func(e harness.Entry) bool {
			rest, ok := strings.CutPrefix(e.Message(), "listening on "+scheme)
			if ok {
				*address = strings.TrimSuffix(rest, "/")
			}
			return ok
		})
	}
	return h
}

func startHTTP3(t *testing.T, o harness.Options) *http3Server {
	t.Helper()
	args, roots := http3Args(t)
	o.Args = append(args, o.Args...)
	return newHTTP3(t, harness.Start(t, o), roots)
}

// client has connections of its own.
func (h *http3Server) client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{RootCAs: h.roots},
		Dial: func(ctx context.Context, _ string, config *tls.Config, c *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, h.quic, config, c)
		},
	}
	t.Cleanup(func() { transport.Close() })
	return &http.Client{Transport: transport, Timeout: harness.Patience}
}

const http3Home = "https://h3.test"

func readAll(t *testing.T, r *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestHTTP3Environ(t *testing.T) {
	t.Parallel()
	h := startHTTP3(t, harness.Options{App: "all", Args: []string{"--access-log", "-"}})
	r, err := h.client(t).Get(http3Home + "/environ/a%20b?c=d")
	var got struct{ Values map[string]string }
	if err := json.Unmarshal([]byte(readAll(t, r, err)), &got); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(h.quic)
	for name, want := range map[string]string{
		"SERVER_PROTOCOL": "HTTP/3.0", "wsgi.url_scheme": "https", "HTTPS": "on", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": port,
		"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "h3.test", "PATH_INFO": "/a b", "QUERY_STRING": "c=d", "REQUEST_METHOD": "GET",
		"SSL_PROTOCOL": "TLSv1.3", "CONTENT_LENGTH": "", "highball.early_data": "",
	} {
		if got.Values[name] != want {
			t.Errorf("%s is %q, want %q", name, got.Values[name], want)
		}
	}
	if r.ContentLength < 0 || r.Header.Get("Date") == "" || r.Proto != "HTTP/3.0" {
		t.Errorf("length %d, protocol %s, head %v", r.ContentLength, r.Proto, r.Header)
	}
	h.Wait(t, func(e harness.Entry) bool { return e.Text("msg") == "request" && e.Text("proto") == "HTTP/3.0" })
}

func TestHTTP3Bodies(t *testing.T) {
	t.Parallel()
	h := startHTTP3(t, harness.Options{App: "all", Args: []string{"--stream-request", "/echo"}})
	client := h.client(t)
	for _, size := range []int{0, 1, 10_000, 8 << 20} {
		body := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		for _, reader := range []io.Reader{bytes.NewReader(body), io.MultiReader(bytes.NewReader(body))} { // with a length, and without
			r, err := client.Post(http3Home+"/echo", "a/b", reader)
			if got := readAll(t, r, err); got != string(body) {
				t.Errorf("%d bytes come back as %d", size, len(got))
			}
		}
	}
}

func TestHTTP3StreamIsResetWhenTheBodyIsCut(t *testing.T) {
	t.Parallel()
	h := startHTTP3(t, harness.Options{App: "all"})
	client := h.client(t)
	for _, path := range []string{"/raises/second", "/lengths/generator?declare=9&send=5"} {
		r, err := client.Get(http3Home + path)
		if err != nil {
			continue // the reset has overtaken what was sent
		}
		if got, err := io.ReadAll(r.Body); err == nil {
			t.Errorf("%s: the body %q passes for whole", path, got)
		}
		r.Body.Close()
	}
	r, err := client.Get(http3Home + "/hello")
	readAll(t, r, err) // the connection goes on
}

func TestHTTP3Hints(t *testing.T) {
	t.Parallel()
	h := startHTTP3(t, harness.Options{App: "all"})
	var hints []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			hints = append(hints, fmt.Sprint(code, header.Get("Link") != ""))
			return nil
		},
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, http3Home+"/hints", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.client(t).Do(request)
	readAll(t, r, err)
	if len(hints) == 0 || hints[0] != "103 true" {
		t.Errorf("hints %q", hints)
	}
}

func TestHTTP3IsAnnounced(t *testing.T) {
	t.Parallel()
	h := startHTTP3(t, harness.Options{App: "all"})
	_, port, _ := net.SplitHostPort(h.quic)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.roots, ServerName: "h3.test"}}
	defer transport.CloseIdleConnections()
	r, err := (&http.Client{Transport: transport}).Get("https://" + h.https + "/hello")
	readAll(t, r, err)
	if want := fmt.Sprintf(`h3=":%s"; ma=86400`, port); r.Header.Get("Alt-Svc") != want {
		t.Errorf("Alt-Svc %q, want %q", r.Header.Values("Alt-Svc"), want)
	}
	plain := h.Get(t, "/hello")
	if slices.ContainsFunc(plain.Fields, func(f harness.Field) bool { return strings.EqualFold(f.Name, "Alt-Svc") }) {
		t.Error("plain HTTP announces HTTP/3, which the client would not believe")
	}
}

// A request that has begun is finished by the process that it began in, while the next
// one takes new connections on the same UDP port.
func TestHTTP3Upgrade(t *testing.T) {
	t.Parallel()
	args, roots := http3Args(t)
	u := startUpgradable(t, harness.Options{Args: args})
	h := newHTTP3(t, u.Server, roots)
	old, slow := u.PID, make(chan string, 1)
	client := h.client(t)
	go func() {
		r, err := client.Get(http3Home + "/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		slow <- fmt.Sprint(string(body), err)
	}()
	harness.Eventually(t, "the slow request is served", func() bool {
		out, _, code := harness.Ctl(t, u.binary, u.control, "status", "--json")
		var status struct {
			Requests struct {
				InFlight int `json:"in_flight"`
			}
		}
		return code == 0 && json.Unmarshal([]byte(out), &status) == nil && status.Requests.InFlight > 0
	})
	// One whose client sends on after the upgrade: the new process has to pass that on.
	body, rest := io.Pipe()
	uploaded := make(chan string, 1)
	go func() {
		r, err := client.Post(http3Home+"/", "a/b", body)
		if err != nil {
			uploaded <- err.Error()
			return
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		uploaded <- fmt.Sprint(string(text), err)
	}()
	if _, err := rest.Write(make([]byte, 10_000)); err != nil {
		t.Fatal(err)
	}
	next := u.Server.Upgrade(t)
	r, err := h.client(t).Get(http3Home + "/")
	if got := readAll(t, r, err); got != fmt.Sprint(next.PID) {
		t.Errorf("a new connection is served by %s, want %d", got, next.PID)
	}
	u.write(t, filepath.Join(u.dir, "done"), "", 0o600)
	if got, want := <-slow, fmt.Sprint(old, "<nil>"); got != want {
		t.Errorf("the request that had begun: %s, want %s", got, want)
	}
	if _, err := rest.Write(make([]byte, 100_000)); err != nil {
		t.Error(err)
	}
	rest.Close()
	if got, want := <-uploaded, fmt.Sprint(old, "<nil>"); got != want {
		t.Errorf("the upload that had begun: %s, want %s", got, want)
	}
	if err := u.Server.Exit(); err != nil {
		t.Error(err)
	}
	r, err = h.client(t).Get(http3Home + "/")
	if got := readAll(t, r, err); got != fmt.Sprint(next.PID) {
		t.Errorf("afterwards a connection is served by %s, want %d", got, next.PID)
	}
	u.Server = next
}

// hasHungUp says whether it is the client that has closed its connection, in order. After a
// GOAWAY quic-go's does if there is no request, and may close it under one that just begins.
func hasHungUp(err error) bool {
	closed, ok := errors.AsType[*http3.Error](err)
	return ok && !closed.Remote && closed.ErrorCode == http3.ErrCodeNoError
}

// Upgrade after upgrade under load: no request is lost.
func TestHTTP3UpgradesUnderLoad(t *testing.T) {
	t.Parallel()
	args, roots := http3Args(t)
	u := startUpgradable(t, harness.Options{Args: args})
	h := newHTTP3(t, u.Server, roots)
	stop := make(chan struct{})
	var served atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		client := h.client(t)
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := client.Get(http3Home + "/")
				if hasHungUp(err) {
					continue
				}
				if err != nil {
					t.Error("a request is lost: ", err)
					return
				}
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					t.Error("a response is cut: ", err)
				}
				r.Body.Close()
				served.Add(1)
			}
		})
	}
	for range 3 {
		before := served.Load()
		harness.Eventually(t, "requests are served", func() bool { return served.Load() > before+50 || t.Failed() })
		u.upgrade(t)
	}
	close(stop)
	clients.Wait()
	t.Logf("%d requests", served.Load())
}
