package gateway

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"highball/internal/origin"
)

// The variables of TLS have the names of mod_ssl and the words of OpenSSL.
func TestTLSVariables(t *testing.T) {
	for _, c := range []struct {
		state tls.ConnectionState
		want  map[string]string
	}{
		{
			tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256, ServerName: "a.test"},
			map[string]string{"SSL_PROTOCOL": "TLSv1.3", "SSL_CIPHER": "TLS_AES_128_GCM_SHA256", "SSL_SESSION_RESUMED": "Initial", "SSL_TLS_SNI": "a.test"},
		},
		{
			tls.ConnectionState{Version: tls.VersionTLS12, CipherSuite: tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, DidResume: true, ServerName: "a\nb"},
			map[string]string{"SSL_PROTOCOL": "TLSv1.2", "SSL_CIPHER": "ECDHE-RSA-CHACHA20-POLY1305", "SSL_SESSION_RESUMED": "Resumed", "SSL_TLS_SNI": ""},
		},
	} {
		r := get("https://a.test/")
		r.TLS = &c.state
		for _, name := range []string{"SSL_PROTOCOL", "Ssl-Protocol", "Ssl-Client-Verify", "SSL_CLIENT_VERIFY"} {
			r.Header[name] = []string{"forged"}
		}
		got := environOf(t, r)
		for name, value := range c.want {
			if got[name] != value {
				t.Errorf("%s: got %q, want %q", name, got[name], value)
			}
		}
		if _, there := got["SSL_CLIENT_VERIFY"]; there {
			t.Error("a field has become SSL_CLIENT_VERIFY")
		}
	}
}

// In the clear there are none; nor where a proxy that is believed was asked in the clear.
func TestNoTLSVariables(t *testing.T) {
	behind := get("https://a.test/")
	for name, r := range map[string]*http.Request{
		"http": get("/"), "http to a proxy": behind.WithContext(origin.With(behind.Context(), &origin.Origin{Scheme: "http"})),
	} {
		for key := range environOf(t, r) {
			if strings.HasPrefix(key, "SSL_") {
				t.Errorf("%s: %s", name, key)
			}
		}
	}
}

// Each suite that can be negotiated by TLS 1.2 has OpenSSL's name.
func TestCipherNames(t *testing.T) {
	for _, suite := range tls.CipherSuites() {
		name := cipherName(suite.ID)
		old := suite.SupportedVersions[0] != tls.VersionTLS13
		if strings.HasPrefix(name, "TLS_") == old || name == "" {
			t.Errorf("%s is called %s", suite.Name, name)
		}
	}
}
