package certs

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// Profile is what of TLS is spoken, by the names that Mozilla gives.
type Profile string

// The profiles.
const (
	// Modern is TLS 1.3 alone.
	Modern Profile = "modern"
	// Intermediate has TLS 1.2 too, with suites that keep old traffic secret and are
	// authenticated.
	Intermediate Profile = "intermediate"
)

// Profiles are all there are.
func Profiles() []string { return []string{string(Modern), string(Intermediate)} }

// ParseProfile reads the name of a profile; "" is Intermediate.
func ParseProfile(name string) (Profile, error) {
	switch p := Profile(name); p {
	case "":
		return Intermediate, nil
	case Modern, Intermediate:
		return p, nil
	}
	return "", fmt.Errorf("%q is no profile: want %s", name, strings.Join(Profiles(), " or "))
}

// Config makes what a listener serves by, with the protocols that it is to offer in the
// order of preference. It is the Store's to change: session tickets are sealed by keys
// that change (a copy keeps those that it was made with).
func (s *Store) Config(protocols ...string) *tls.Config {
	config := &tls.Config{
		GetCertificate: s.GetCertificate, NextProtos: protocols,
		MinVersion: tls.VersionTLS12, CipherSuites: intermediateSuites(), Time: s.options.Now,
	}
	if s.options.Profile == Modern {
		config.MinVersion = tls.VersionTLS13
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.askClients(config)
	s.seal(config)
	return config
}

// intermediateSuites are Mozilla's of TLS 1.2, but for those that this library has not
// (finite-field Diffie-Hellman). It has an order of its own, by what the machine is
// quick at. Those of TLS 1.3 are not to be chosen.
func intermediateSuites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}
