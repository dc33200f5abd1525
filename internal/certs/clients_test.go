package certs

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"highball/internal/certs/certstest"
)

// clientStore asks clients, and trusts an issuer.
func clientStore(t *testing.T, trusted *certstest.Issuer, auth ClientAuth) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	path := certstest.Write(t, filepath.Join(dir, "ca.pem"), trusted.PEM)
	pair := files(t, dir, "x", certstest.Root(t, "the server's").Issue(t, []string{"a.test"}))
	s, _ := open(t, Options{Pairs: []Pair{pair}, ClientCA: path, Clients: auth})
	return s, path
}

func visit(t *testing.T, s *Store, issued ...certstest.Issued) (map[string]string, error) {
	t.Helper()
	client := &tls.Config{ServerName: "a.test", InsecureSkipVerify: true}
	for _, c := range issued {
		show := certificate(t, c) // whether the server asks for it or not
		client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return show, nil }
	}
	state, _, err := shake(t, s.Config("http/1.1"), client)
	if err != nil {
		return nil, err
	}
	variables := map[string]string{}
	for _, v := range s.Variables(&state) {
		variables[v.Name] = v.Value
	}
	return variables, nil
}

func TestClients(t *testing.T) {
	trusted, stranger := certstest.Root(t, "trusted"), certstest.Root(t, "a stranger")
	good, bad := trusted.Issue(t, nil), stranger.Issue(t, nil)
	late := trusted.Issue(t, nil, certstest.Until(-2*time.Hour, -time.Hour))
	early := trusted.Issue(t, nil, certstest.Until(time.Hour, 2*time.Hour))
	server := trusted.Issue(t, nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	for _, c := range []struct {
		name     string
		shows    []certstest.Issued
		optional string // SSL_CLIENT_VERIFY
		required bool   // it gets in
	}{
		{"none", nil, "NONE", false},
		{"good", []certstest.Issued{good}, "SUCCESS", true},
		{"a stranger's", []certstest.Issued{bad}, "FAILED:unable to get local issuer certificate", false},
		{"expired", []certstest.Issued{late}, "FAILED:certificate has expired", false},
		{"of the future", []certstest.Issued{early}, "FAILED:certificate is not yet valid", false},
		{"a server's", []certstest.Issued{server}, "FAILED:certificate specifies an incompatible key usage", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := clientStore(t, trusted, OptionalClients)
			got, err := visit(t, s, c.shows...)
			if err != nil || got["SSL_CLIENT_VERIFY"] != c.optional {
				t.Errorf("optional: %q, %v, want %q", got["SSL_CLIENT_VERIFY"], err, c.optional)
			}
			if c.optional != "SUCCESS" && len(got) != 1 {
				t.Errorf("more is told of a certificate that is not valid: %v", got)
			}
			s, _ = clientStore(t, trusted, RequiredClients)
			got, err = visit(t, s, c.shows...)
			if (err == nil) != c.required || c.required && got["SSL_CLIENT_VERIFY"] != "SUCCESS" {
				t.Errorf("required: %v, %v", got, err)
			}
		})
	}
	s, _ := clientStore(t, trusted, NoClients)
	if got, err := visit(t, s, good); err != nil || len(got) > 0 {
		t.Errorf("nothing is asked: %v, %v", got, err)
	}
}

func TestClientVariables(t *testing.T) {
	trusted := certstest.Root(t, "trusted, of course")
	from := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	issued := trusted.Issue(t, []string{"a.example", "b.example"}, func(c *x509.Certificate) {
		c.NotBefore = from
		c.Subject = pkix.Name{
			Country: []string{"DE"}, Organization: []string{"Example, Inc."}, CommonName: "Alïce",
			ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "a@b.example"}},
		}
		c.EmailAddresses = []string{"e@f.example\n", "c@d.example"}
		c.URIs = []*url.URL{{Scheme: "spiffe", Host: "a", Path: "/b"}}
	})
	chain, err := parseCertificates(issued.Cert)
	if err != nil {
		t.Fatal(err)
	}
	chain[0].SerialNumber = big.NewInt(0xABCDE)
	got := map[string]string{}
	for _, v := range clientVariables(chain[0]) {
		got[v.Name] = v.Value
	}
	for name, value := range map[string]string{
		"SSL_CLIENT_S_DN":    `emailAddress=a@b.example,CN=Alïce,O=Example\, Inc.,C=DE`,
		"SSL_CLIENT_S_DN_CN": "Alïce", "SSL_CLIENT_I_DN": `CN=trusted\, of course`, "SSL_CLIENT_M_SERIAL": "0ABCDE",
		"SSL_CLIENT_V_START": "Mar  4 05:06:07 2026 GMT", "SSL_CLIENT_SAN_DNS_0": "a.example", "SSL_CLIENT_SAN_DNS_1": "b.example",
		"SSL_CLIENT_SAN_Email_0": "", "SSL_CLIENT_SAN_Email_1": "c@d.example", "SSL_CLIENT_SAN_URI_0": "spiffe://a/b", "SSL_CLIENT_CERT": string(issued.Cert),
	} {
		want(t, name, got[name], value)
	}
	if !strings.HasSuffix(got["SSL_CLIENT_V_END"], " GMT") {
		t.Errorf("SSL_CLIENT_V_END: %q", got["SSL_CLIENT_V_END"])
	}
}

func TestEscapedNames(t *testing.T) {
	for text, escaped := range map[string]string{
		"plain": "plain", `a,b+c"d\e<f>g;h`: `a\,b\+c\"d\\e\<f\>g\;h`, " both ": `\ both\ `, "#a": `\#a`, "a#": "a#",
		"a\nSSL_CLIENT_VERIFY": `a\0ASSL_CLIENT_VERIFY`, "": "",
	} {
		want(t, text, escapeName(text), escaped)
	}
}

// A file that is no help is named by its own setting.
func TestClientIssuersAreMissing(t *testing.T) {
	path := certstest.Write(t, filepath.Join(t.TempDir(), "empty.pem"), nil)
	_, err := New(Options{ClientCA: path, Clients: RequiredClients})
	if err == nil || !strings.Contains(err.Error(), "client-ca "+path+": there is no certificate") || strings.Contains(err.Error(), "certfile") {
		t.Error(err)
	}
}

// Others who issue are believed without a restart, and those of before no more: not even
// of sessions that they have begun.
func TestClientIssuersReload(t *testing.T) {
	old, next := certstest.Root(t, "old"), certstest.Root(t, "next")
	s, path := clientStore(t, old, RequiredClients)
	config := s.Config("http/1.1")
	cache := tls.NewLRUClientSessionCache(1)
	enters := func(issuer *certstest.Issuer, cache tls.ClientSessionCache) bool {
		_, _, err := shake(t, config, &tls.Config{
			ServerName: "a.test", InsecureSkipVerify: true, ClientSessionCache: cache,
			Certificates: []tls.Certificate{*certificate(t, issuer.Issue(t, nil))},
		})
		return err == nil
	}
	for range 2 { // the second resumes
		if !enters(old, cache) || enters(next, nil) {
			t.Error("before the change the old one is believed, alone")
		}
	}
	certstest.Write(t, path, []byte("rubbish"))
	s.Reload()
	if !enters(old, nil) {
		t.Error("a file that cannot be read has changed something")
	}
	certstest.Write(t, path, next.PEM)
	s.Reload()
	for range 2 {
		if enters(old, cache) || enters(old, nil) || !enters(next, nil) {
			t.Error("after the change the next one is believed, alone")
		}
	}
	if n := len(s.configs); n != 2 {
		t.Errorf("%d configs, want the listener's and one with the next issuers", n)
	}
}
