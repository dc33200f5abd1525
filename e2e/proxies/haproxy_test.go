package proxies

import (
	"crypto/tls"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
	"highball/internal/certs/certstest"
)

const haproxyFile = `
global
    stats socket {dir}/stats mode 600 level admin
defaults
    mode tcp
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend one
    bind 127.0.0.1:{v1}
    default_backend one
backend one
    server s {introduced} send-proxy check inter 100ms
frontend two
    bind 127.0.0.1:{v2}
    default_backend two
backend two
    server s {introduced} send-proxy-v2 proxy-v2-options crc32c,unique-id check inter 100ms
frontend three
    bind 127.0.0.1:{ssl} ssl crt {pem} alpn h2,http/1.1
    default_backend three
backend three
    option httpchk GET /
    server s {introduced} send-proxy-v2-ssl-cn proxy-v2-options crc32c,authority,ssl,cert-cn,ssl-cipher check check-send-proxy inter 100ms
frontend four
    mode http
    bind 127.0.0.1:{http}
    bind 127.0.0.1:{https} ssl crt {pem}
    default_backend four
backend four
    mode http
    option forwardfor
    http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
    server s {address}
`

// ownCertificate is a file with a key and a certificate for localhost.
func ownCertificate(t *testing.T) string {
	t.Helper()
	issued := certstest.Root(t, "a root").Issue(t, []string{"localhost"})
	return certstest.Write(t, filepath.Join(t.TempDir(), "pem"), issued.Cert, issued.Key)
}

func TestHAProxy(t *testing.T) {
	t.Parallel()
	path := peer.Find(t, "haproxy")
	s := start(t, environApp, "--trusted-proxies", "127.0.0.1", "--proxy-headers", "haproxy")
	words := map[string]string{"dir": t.TempDir(), "pem": ownCertificate(t), "introduced": s.introduced, "address": s.Address}
	var ports []string
	for _, name := range []string{"v1", "v2", "ssl", "http", "https"} {
		words[name] = freePort(t)
		ports = append(ports, words[name])
	}
	daemon(t, path, []string{"-db", "-f", file(t, "haproxy.cfg", haproxyFile, words)}, ports...)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "public.test"}, DialContext: dialer(t).DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: harness.Patience}
	ask := func(scheme, port string) environ {
		status, body := get(t, client, scheme+"://127.0.0.1:"+port+"/")
		if status != 200 {
			t.Fatalf("%s: %d %s", port, status, body)
		}
		return parseEnviron(t, body)
	}
	for _, name := range []string{"v1", "v2"} {
		e := ask("http", words[name])
		e.has(t, environ{"REMOTE_ADDR": outside, "SERVER_PORT": words[name], "wsgi.url_scheme": "http", "highball.peer_addr": "127.0.0.1"})
	}
	e := ask("https", words["ssl"])
	e.has(t, environ{"REMOTE_ADDR": outside, "SERVER_PORT": words["ssl"], "wsgi.url_scheme": "https", "HTTPS": "on",
		"highball.proxy.ssl_version": "TLSv1.3", "highball.proxy.authority": "public.test"})
	if e["highball.proxy.ssl_cipher"] == "" {
		t.Errorf("no cipher: %v", e)
	}
	ask("http", words["http"]).has(t, environ{"REMOTE_ADDR": outside, "wsgi.url_scheme": "http", "highball.peer_addr": "127.0.0.1"})
	ask("https", words["https"]).has(t, environ{"REMOTE_ADDR": outside, "wsgi.url_scheme": "https", "HTTPS": "on"})
	// The checks are requests and connections of HAProxy's own; none fails, and none is
	// a refusal in the log.
	harness.Eventually(t, "HAProxy has found all servers up", func() bool { return strings.Count(stats(t, words["dir"]), ",UP,") >= 3 })
	if text := stats(t, words["dir"]); strings.Contains(text, ",DOWN,") {
		t.Errorf("HAProxy says:\n%s", text)
	}
	if n := s.Count("a connection was refused") + s.Count("a request was refused"); n > 0 {
		t.Errorf("%d refusals", n)
	}
}

// stats asks HAProxy how its servers are.
func stats(t *testing.T, dir string) string {
	t.Helper()
	c := harness.Dial(t, "unix", filepath.Join(dir, "stats"))
	return c.Send("show stat\n").Rest()
}

func TestCurlHAProxyProtocol(t *testing.T) {
	t.Parallel()
	path := peer.Find(t, "curl")
	if help, err := exec.Command(path, "--help", "all").Output(); err != nil || !strings.Contains(string(help), "--haproxy-protocol") {
		t.Skip("curl has no --haproxy-protocol")
	}
	s := start(t, environApp, "--trusted-proxies", "127.0.0.1")
	for _, version := range []string{"--http1.1", "--http2-prior-knowledge"} {
		body, err := exec.Command(path, "-sS", "-m", "10", version, "--haproxy-protocol", "http://"+s.introduced+"/").Output()
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		parseEnviron(t, string(body)).has(t, environ{"REMOTE_ADDR": "127.0.0.1", "highball.peer_addr": "127.0.0.1"})
		if out, err := exec.Command(path, "-sS", "-m", "10", version, "http://"+s.introduced+"/").Output(); err == nil {
			t.Errorf("%s without the header: %s", version, out)
		}
	}
}
