package acme

import (
	"errors"
	"net/http"

	"github.com/caddyserver/certmagic"
)

// newCache makes a cache that is a place to work in: it renews nothing by itself.
func (m *Manager) newCache() *certmagic.Cache {
	return certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   ours,
		RenewCheckInterval: checkEvery,
		Logger:             m.zap(),
	})
}

func ours(certmagic.Certificate) (*certmagic.Config, error) {
	return nil, errors.New("renewed by its keeper")
}

// newConfig joins what certmagic needs for one name.
func (m *Manager) newConfig(cache *certmagic.Cache) *certmagic.Config {
	config := certmagic.New(cache, certmagic.Config{
		Storage: m.storage,
		Logger:  m.zap(),
		OnEvent: onEvent,
		OCSP:    certmagic.OCSPConfig{HTTPProxy: http.ProxyFromEnvironment}, // has a time limit, unlike the default
		Issuers: []certmagic.Issuer{noIssuer{}},                             // certmagic makes one of its defaults for none
	})
	if m.issuer == nil {
		m.issuer = m.newIssuer(config)
	}
	config.Issuers = []certmagic.Issuer{m.issuer}
	return config
}

func (m *Manager) newIssuer(config *certmagic.Config) certmagic.Issuer {
	if m.opts.issuer != nil {
		return m.opts.issuer
	}
	template := certmagic.ACMEIssuer{
		CA:                      m.opts.CA,
		TrustedRoots:            m.opts.Roots,
		Email:                   m.opts.Email,
		Agreed:                  true,
		DisableHTTPChallenge:    !m.opts.offers(HTTP01),
		DisableTLSALPNChallenge: !m.opts.offers(TLSALPN01),
		CertObtainTimeout:       attemptTime,
		Logger:                  m.zap(),
	}
	if template.Email == "" {
		template.Email = " " // for certmagic, empty is a reason to ask on the terminal
	}
	if m.opts.DNS != nil {
		template.DNS01Solver = solver{m.opts.DNS}
	}
	m.acme = certmagic.NewACMEIssuer(config, template)
	return m.acme
}

// noIssuer stands where an issuer has to be until there is one.
type noIssuer struct{ certmagic.Issuer }
