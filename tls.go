package highball

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"highball/internal/certs"
	"highball/internal/gateway"
	"highball/internal/https"
	"highball/internal/listen"
)

// TLS says how https is served: on the addresses of Config.Bind that begin with
// "https://".
type TLS struct {
	// CertFiles are the certificates, in PEM, each with those of its issuers behind it;
	// KeyFiles are their private keys, in the same order. A key may be in the file of its
	// certificate; then it needs no name. Which one a client gets follows from the server name that it asks
	// for; the first is for all others. Files that change are read again. They must
	// still be readable when the process has given up its privileges.
	CertFiles, KeyFiles []string

	// Profile is what is spoken. Default: TLSIntermediate.
	Profile TLSProfile

	// ClientCA is a file with the certificates of those who issue the certificates of
	// clients. It needs ClientCert.
	ClientCA string

	// ClientCert says whether clients are asked for a certificate. It needs ClientCA.
	// Default: ClientCertNone.
	ClientCert ClientCert

	// Redirect has requests by http answered with 308 and their https URL. The
	// port is that of the first https address, 443 if there is none.
	Redirect bool

	// HSTS has https responses say for how long browsers shall use nothing but https:
	// "365d", and perhaps "; includeSubDomains" and "; preload". A field that the
	// application gives itself stays. Default: nothing is said.
	HSTS string
}

// TLSProfile is the name that Mozilla gives to a choice of versions and suites.
type TLSProfile string

// The profiles.
const (
	// TLSIntermediate has TLS 1.3 and 1.2.
	TLSIntermediate TLSProfile = "intermediate"
	// TLSModern has TLS 1.3 alone.
	TLSModern TLSProfile = "modern"
)

// ClientCert says what is asked of clients.
type ClientCert string

// What may be asked.
const (
	// ClientCertNone asks for no certificate.
	ClientCertNone ClientCert = "none"
	// ClientCertOptional asks for one, and lets clients without one in: environ says what
	// came of it.
	ClientCertOptional ClientCert = "optional"
	// ClientCertRequired lets nobody in without a valid one.
	ClientCertRequired ClientCert = "required"
)

// checkTLS refuses what cannot be meant.
func (c *Config) checkTLS() error {
	t := &c.TLS
	if _, err := certs.ParseProfile(string(t.Profile)); err != nil {
		return fmt.Errorf("tls-profile: %w", err)
	}
	clients, err := certs.ParseClientAuth(string(t.ClientCert))
	switch {
	case err != nil:
		return fmt.Errorf("client-cert: %w", err)
	case clients != certs.NoClients && t.ClientCA == "":
		return fmt.Errorf("client-cert: %s needs client-ca, the file with the certificates of those who issue the clients'", clients)
	case clients == certs.NoClients && t.ClientCA != "":
		return errors.New("client-ca is given, but no client is asked: add client-cert required, or optional")
	case len(t.KeyFiles) > len(t.CertFiles):
		return fmt.Errorf("keyfile: %d keys for %d certificates: each belongs to the certfile of the same place", len(t.KeyFiles), len(t.CertFiles))
	}
	if t.HSTS != "" {
		if _, err := https.ParseStrict(t.HSTS); err != nil {
			return fmt.Errorf("hsts: %w", err)
		}
	}
	return c.checkSecureBinds()
}

// hasCertificates says whether there is any way to a certificate.
func (c *Config) hasCertificates() bool {
	return len(c.TLS.CertFiles) > 0 || c.ACME.inUse() || c.LocalHTTPS
}

// checkSecureBinds: https without a certificate serves nobody, and a certificate
// without https protects nobody, which its owner may take for granted.
func (c *Config) checkSecureBinds() error {
	secure := false
	for _, text := range c.Bind {
		bind, err := listen.ParseBind(text)
		if err != nil {
			return err
		}
		if !isSecure(bind) {
			continue
		}
		secure = true
		if !c.hasCertificates() {
			return fmt.Errorf("bind %s needs a certificate: add --certfile FILE --keyfile FILE, in PEM, or --https NAME to get one, or --local-https for development", text)
		}
	}
	if !secure && c.hasCertificates() {
		return fmt.Errorf("%s is given, but no address is served by https: write --bind https://%s", c.certificatesBy(), secureExample(c.Bind))
	}
	return nil
}

// certificatesBy is the setting that there are certificates by.
func (c *Config) certificatesBy() string {
	switch {
	case len(c.TLS.CertFiles) > 0:
		return "certfile"
	case len(c.ACME.Names) > 0:
		return "https"
	case c.ACME.inUse():
		return "acme-on-demand"
	}
	return "local-https"
}

func isSecure(b listen.Bind) bool { return b.Protocol == listen.HTTPS || b.Protocol == listen.H3 }

func secureExample(binds []string) string {
	for _, text := range binds {
		if b, err := listen.ParseBind(text); err == nil {
			return b.Address.String()
		}
	}
	return ":443"
}

// newCertificates reads the certificates; nil if there are to be none.
func (c *Config) newCertificates(a automatic) (*certs.Store, error) {
	if !c.hasCertificates() {
		return nil, nil
	}
	o := certs.Options{
		ClientCA: c.TLS.ClientCA, Clients: certs.ClientAuth(c.TLS.ClientCert),
		Profile: certs.Profile(c.TLS.Profile), Logger: c.Logger, Sources: a.sources(),
	}
	for i, file := range c.TLS.CertFiles {
		pair := certs.Pair{Cert: file}
		if i < len(c.TLS.KeyFiles) {
			pair.Key = c.TLS.KeyFiles[i]
		}
		o.Pairs = append(o.Pairs, pair)
	}
	return certs.New(o)
}

// checkReadable has all certificates at hand. It is called when all privileges have been given up.
func (s *Server) checkReadable() error {
	if s.certificates == nil {
		return nil
	}
	if err := s.automatic.open(); err != nil {
		return err
	}
	return s.certificates.CheckReadable()
}

// keepCertificates has them follow their files until the result is called.
func (r *run) keepCertificates() (stop func()) {
	if r.s.certificates == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.s.certificates.Watch(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// secured is a handler with what TLS.Redirect and TLS.HSTS add. Who answers challenges
// of http, or knows that a request came by https, stands around it.
func (r *run) secured(h http.Handler) http.Handler {
	t := &r.s.cfg.TLS
	if t.HSTS != "" {
		value, _ := https.ParseStrict(t.HSTS) // was checked
		h = https.Strict(h, value)
	}
	if t.Redirect {
		h = https.Redirect(h, r.securePort, r.s.redirected())
	}
	return h
}

// redirected returns what writes the access log of those that the gateway never sees, or nil.
func (s *Server) redirected() func(r *http.Request, status, bytes int) {
	log := s.onDone()
	if log == nil {
		return nil
	}
	return func(r *http.Request, status, bytes int) {
		log(r, gateway.Done{Began: time.Now(), Status: status, Bytes: int64(bytes)})
	}
}

// tellRedirect warns of a redirect that never ends: whoever asks again, by https, asks a
// proxy that is not believed when it says so.
func (r *run) tellRedirect() {
	cfg := &r.s.cfg
	if !cfg.TLS.Redirect || len(cfg.TrustedProxies) > 0 {
		return
	}
	for _, b := range r.binds {
		if b.Protocol != listen.HTTP {
			return
		}
	}
	r.s.logger.Warn("redirect-https has all requests redirected and none served: no address is served by https, and no proxy is named by trusted-proxies that may say that a client came by it")
}

// securePort is the port of the first https address, 0 if there is none.
func (r *run) securePort() uint16 {
	for i, b := range r.binds {
		if tcp, ok := r.listeners[i].Addr().(*net.TCPAddr); ok && b.Protocol == listen.HTTPS {
			return uint16(tcp.Port)
		}
	}
	return 0
}
