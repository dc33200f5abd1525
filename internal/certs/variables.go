package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"

	"highball/internal/origin"
)

// Variables are what the client's certificate adds to the environ of a connection's
// requests, by the names of mod_ssl: nothing where none is asked for. Of a certificate
// that is not valid only that is told, so that nobody takes its names for true.
func (s *Store) Variables(state *tls.ConnectionState) []origin.Variable {
	if !s.asks() {
		return nil
	}
	if len(state.PeerCertificates) == 0 {
		return []origin.Variable{{Name: "SSL_CLIENT_VERIFY", Value: "NONE"}}
	}
	if len(state.VerifiedChains) == 0 {
		if err := s.verify(state.PeerCertificates); err != nil {
			return []origin.Variable{{Name: "SSL_CLIENT_VERIFY", Value: "FAILED:" + reason(err)}}
		}
	}
	return clientVariables(state.PeerCertificates[0])
}

// verify checks the certificate of a client that did not have to show one.
func (s *Store) verify(chain []*x509.Certificate) error {
	o := x509.VerifyOptions{
		Roots: s.clients.Load(), Intermediates: x509.NewCertPool(), CurrentTime: s.options.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	return err
}

// reason is why a certificate is not valid, in the words that OpenSSL has for it.
func reason(err error) string {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		if strings.Contains(invalid.Detail, "before") {
			return "certificate is not yet valid"
		}
		return "certificate has expired"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "unable to get local issuer certificate"
	}
	return strings.TrimPrefix(err.Error(), "x509: ")
}

// opensslTime is the form of dates of OpenSSL, and so of mod_ssl.
const opensslTime = "Jan _2 15:04:05 2006 MST"

func clientVariables(c *x509.Certificate) []origin.Variable {
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	all := []origin.Variable{
		{Name: "SSL_CLIENT_VERIFY", Value: "SUCCESS"},
		{Name: "SSL_CLIENT_S_DN", Value: distinguishedName(c.RawSubject)},
		{Name: "SSL_CLIENT_I_DN", Value: distinguishedName(c.RawIssuer)},
		{Name: "SSL_CLIENT_M_SERIAL", Value: strings.ToUpper(hex.EncodeToString(c.SerialNumber.Bytes()))},
		{Name: "SSL_CLIENT_V_START", Value: openssl(c.NotBefore)},
		{Name: "SSL_CLIENT_V_END", Value: openssl(c.NotAfter)},
		{Name: "SSL_CLIENT_CERT", Value: string(block)},
	}
	all = appendLine(all, "SSL_CLIENT_S_DN_CN", c.Subject.CommonName)
	all = appendNames(all, "SSL_CLIENT_SAN_DNS_", c.DNSNames)
	all = appendNames(all, "SSL_CLIENT_SAN_Email_", c.EmailAddresses)
	var uris []string
	for _, uri := range c.URIs {
		uris = append(uris, uri.String())
	}
	return appendNames(all, "SSL_CLIENT_SAN_URI_", uris)
}

func appendNames(all []origin.Variable, prefix string, names []string) []origin.Variable {
	for i, name := range names {
		all = appendLine(all, prefix+strconv.Itoa(i), name)
	}
	return all
}

// appendLine leaves out what is nothing, or no line: an issuer may have signed anything.
func appendLine(all []origin.Variable, name, value string) []origin.Variable {
	if value == "" || strings.ContainsFunc(value, unicode.IsControl) {
		return all
	}
	return append(all, origin.Variable{Name: name, Value: value})
}

func openssl(t time.Time) string {
	return strings.Replace(t.UTC().Format(opensslTime), "UTC", "GMT", 1)
}
