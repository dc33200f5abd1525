package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/internal/certs/certstest"
)

// environ says what the connection's TLS is, by the names of mod_ssl; no field of a client
// does.
func TestTLSVariables(t *testing.T) {
	s := secureSite(t, "environ")
	for _, c := range []struct {
		version uint16
		name    string
		cipher  string
	}{
		{tls.VersionTLS13, "TLSv1.3", "TLS_"},
		{tls.VersionTLS12, "TLSv1.2", "ECDHE-ECDSA-"},
	} {
		config := s.trusting("a.test")
		config.MaxVersion = c.version
		var e environ
		s.DialTLS(t, config).Send(harness.Request("GET", "/", "SSL-Protocol: forged", "SSL_CLIENT_VERIFY: SUCCESS", "HTTPS: off")).Response("GET").JSON(t, &e)
		want(t, "SSL_PROTOCOL", e.Values["SSL_PROTOCOL"], c.name)
		want(t, "SSL_TLS_SNI", e.Values["SSL_TLS_SNI"], "a.test")
		want(t, "SSL_SESSION_RESUMED", e.Values["SSL_SESSION_RESUMED"], "Initial")
		want(t, "HTTPS", e.Values["HTTPS"], "on")
		want(t, "wsgi.url_scheme", e.Values["wsgi.url_scheme"], "https")
		want(t, "SSL_CLIENT_VERIFY", e.Values["SSL_CLIENT_VERIFY"], "")
		if !strings.HasPrefix(e.Values["SSL_CIPHER"], c.cipher) {
			t.Errorf("SSL_CIPHER of %s: %q", c.name, e.Values["SSL_CIPHER"])
		}
	}
	// The other address is in the clear as ever.
	var e environ
	s.Server.Do(t, harness.Request("GET", "/")).JSON(t, &e)
	if e.Values["HTTPS"] != "" || e.Values["SSL_PROTOCOL"] != "" {
		t.Errorf("by http: %q", e.Values)
	}
}

// A Server in somebody else's http.Server says as much.
func TestTLSVariablesOfALibrary(t *testing.T) {
	_, dial := tlsServer(t, harness.Newest(t), "environ")
	var e environ
	dial().Send(harness.Request("GET", "/")).Response("GET").JSON(t, &e)
	want(t, "SSL_PROTOCOL", e.Values["SSL_PROTOCOL"], "TLSv1.3")
}

// curl asks by HTTP/1.1 and by HTTP/2, sends and gets what is large, and trusts.
func TestTLSByCurl(t *testing.T) {
	s := secureSite(t, "echo")
	_, port, _ := net.SplitHostPort(s.SecureAddress(t))
	url := "https://a.test:" + port + "/"
	body := filepath.Join(t.TempDir(), "body")
	certstest.Write(t, body, []byte(strings.Repeat("0123456789abcdef", 1<<16)))
	for flag, version := range map[string]string{"--http1.1": "1.1", "--http2": "2"} {
		out := program(t, "", "curl", "-sS", flag, "--cacert", s.caFile, "--resolve", "a.test:"+port+":127.0.0.1",
			"--data-binary", "@"+body, "-o", body+".back", "-w", "%{http_version} %{http_code} %{ssl_verify_result} %{size_upload}", url)
		want(t, flag, out, version+" 200 0 1048576")
	}
	has(t, "a name of no certificate", program(t, "", "curl", "-sS", "--cacert", s.caFile, "https://localhost:"+port+"/"), "curl: (60)")
	has(t, "http to the https port", program(t, "", "curl", "-sS", "-i", "http://127.0.0.1:"+port+"/"), "HTTP/1.1 400 ", "write https://")
}

// openssl sees the versions, suites, names and sessions that it should.
func TestTLSByOpenSSL(t *testing.T) {
	s := secureSite(t, "environ")
	address := s.SecureAddress(t)
	ask := "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
	client := func(args ...string) string {
		t.Helper()
		return program(t, ask, "openssl", append([]string{"s_client", "-connect", address, "-CAfile", s.caFile, "-servername", "a.test", "-ign_eof"}, args...)...)
	}
	session := filepath.Join(t.TempDir(), "session")
	for flag, version := range map[string]string{"-tls1_3": "TLSv1.3", "-tls1_2": "TLSv1.2"} {
		has(t, flag, client(flag, "-sess_out", session, "-alpn", "h2,http/1.1"), "Verify return code: 0 (ok)", "New, "+version, "ALPN protocol: h2")
		out := client(flag, "-sess_out", session)
		has(t, flag, out, `"SSL_PROTOCOL": "`+version+`"`, `"SSL_SESSION_RESUMED": "Initial"`, "HTTP/1.1 200")
		_, rest, _ := strings.Cut(out, "Cipher is ")
		cipher, _, _ := strings.Cut(rest, "\n")
		has(t, "the suite, as openssl calls it", out, `"SSL_CIPHER": "`+cipher+`"`)
		has(t, flag+" again", client(flag, "-sess_in", session), "Reused, "+version, `"SSL_SESSION_RESUMED": "Resumed"`)
	}
	for _, flag := range []string{"-tls1_1", "-tls1"} {
		if out := client(flag, "-cipher", "ALL:@SECLEVEL=0"); strings.Contains(out, "HTTP/1.1 200") {
			t.Errorf("%s was taken", flag)
		}
	}
	modern := secureSite(t, "environ", "--tls-profile", "modern")
	address = modern.SecureAddress(t)
	if out := client("-tls1_2"); strings.Contains(out, "HTTP/1.1 200") {
		t.Error("the modern profile takes TLS 1.2")
	}
}

// Each name gets its own certificate.
func TestTLSByName(t *testing.T) {
	s := newSite(t)
	other, otherKey := s.write(t, "other", s.ca.IssueRSA(t, []string{"*.other.test"}))
	s.Server = harness.Start(t, harness.Options{App: "hello", Python: harness.Newest(t).Path, Args: []string{
		"--bind", "https://127.0.0.1:0", "--certfile", s.cert, "--keyfile", s.key, "--certfile", other, "--keyfile", otherKey,
	}})
	for _, name := range []string{"a.test", "b.other.test"} {
		s.DialTLS(t, s.trusting(name)).Send(harness.Request("GET", "/")).Response("GET").WantStatus(t, 200)
	}
}

// What the certificate of a client says comes to the application, and to nobody else.
func TestTLSClients(t *testing.T) {
	clients := certstest.Root(t, "clients' root")
	ca := certstest.Write(t, filepath.Join(t.TempDir(), "clients.pem"), clients.PEM)
	s := secureSite(t, "environ", "--client-ca", ca, "--client-cert", "optional")
	mine, key := s.write(t, "mine", clients.Issue(t, []string{"me.test"}))
	ask := "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
	address := s.SecureAddress(t)
	client := func(args ...string) string {
		t.Helper()
		return program(t, ask, "openssl", append([]string{"s_client", "-connect", address, "-CAfile", s.caFile, "-servername", "a.test", "-ign_eof"}, args...)...)
	}
	has(t, "without one", client(), "HTTP/1.1 200", `"SSL_CLIENT_VERIFY": "NONE"`, "CN = clients' root")
	has(t, "with one", client("-cert", mine, "-key", key), `"SSL_CLIENT_VERIFY": "SUCCESS"`, `"SSL_CLIENT_S_DN": "CN=of a test"`,
		`"SSL_CLIENT_I_DN": "CN=clients' root"`, `"SSL_CLIENT_SAN_DNS_0": "me.test"`, `"SSL_CLIENT_CERT": "-----BEGIN CERTIFICATE-----\n`)
	has(t, "with the server's", client("-cert", s.cert, "-key", s.key), `"SSL_CLIENT_VERIFY": "FAILED:unable to get local issuer certificate"`)
	required := secureSite(t, "environ", "--client-ca", ca, "--client-cert", "required")
	address = required.SecureAddress(t)
	s.ca, s.caFile = required.ca, required.caFile
	has(t, "with one that is required", client("-cert", mine, "-key", key), `"SSL_CLIENT_VERIFY": "SUCCESS"`)
	for name, args := range map[string][]string{"without one": nil, "with the server's": {"-cert", required.cert, "-key", required.key}} {
		if out := client(args...); strings.Contains(out, "HTTP/1.1") {
			t.Errorf("%s: it got in", name)
		}
	}
}

// Requests by http are sent to https, and https says so.
func TestRedirectAndHSTS(t *testing.T) {
	s := secureSite(t, "own_fields", "--access-log", "-", "--redirect-https", "--hsts", "365d; includeSubDomains")
	_, port, _ := net.SplitHostPort(s.SecureAddress(t))
	r := s.Do(t, harness.Post("/a%2Fb?c", "body"))
	r.WantStatus(t, http.StatusPermanentRedirect)
	want(t, "Location", r.Get("Location"), "https://test.example:"+port+"/a%2Fb?c")
	want(t, "by http", r.Get("Strict-Transport-Security"), "")
	s.Wait(t, func(e harness.Entry) bool { return e.Text("status") == "308" && e.Text("target") == "/a%2Fb?c" })
	for _, http2 := range []bool{false, true} {
		response, err := s.client(t, http2).Get("https://" + s.SecureAddress(t) + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		want(t, fmt.Sprint("HTTP/2 ", http2), strings.Join(response.Header["Strict-Transport-Security"], "|"), "max-age=31536000; includeSubDomains")
	}
}
