package gateway

import (
	"crypto/tls"

	"highball/internal/wire"
)

// appendTLS adds what the connection's TLS is, by the names of mod_ssl (pep3333 23).
// What a client has shown of itself is among the origin's variables.
func (x *exchange) appendTLS(b []byte) []byte {
	state := x.r.TLS
	if state == nil || x.scheme() != "https" {
		return b
	}
	b = wire.AppendItem(b, "SSL_PROTOCOL", protocolName(state.Version))
	b = wire.AppendItem(b, "SSL_CIPHER", cipherName(state.CipherSuite))
	resumed := "Initial"
	if state.DidResume {
		resumed = "Resumed"
	}
	b = wire.AppendItem(b, "SSL_SESSION_RESUMED", resumed)
	if isToken(state.ServerName) { // which a client may have made of anything
		b = wire.AppendItem(b, "SSL_TLS_SNI", state.ServerName)
	}
	return b
}

// protocolName is as OpenSSL has it, and so mod_ssl and nginx.
func protocolName(version uint16) string {
	switch version {
	case tls.VersionTLS13:
		return "TLSv1.3"
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS11:
		return "TLSv1.1"
	case tls.VersionTLS10:
		return "TLSv1"
	}
	return tls.VersionName(version)
}

// cipherName is OpenSSL's name of a suite. Those of TLS 1.3 have one name everywhere;
// so have here those that only a server of somebody else's speaks.
func cipherName(suite uint16) string {
	switch suite {
	case tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:
		return "ECDHE-ECDSA-AES128-GCM-SHA256"
	case tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:
		return "ECDHE-RSA-AES128-GCM-SHA256"
	case tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:
		return "ECDHE-ECDSA-AES256-GCM-SHA384"
	case tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
		return "ECDHE-RSA-AES256-GCM-SHA384"
	case tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
		return "ECDHE-ECDSA-CHACHA20-POLY1305"
	case tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:
		return "ECDHE-RSA-CHACHA20-POLY1305"
	case tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA:
		return "ECDHE-ECDSA-AES128-SHA"
	case tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA:
		return "ECDHE-RSA-AES128-SHA"
	case tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA:
		return "ECDHE-ECDSA-AES256-SHA"
	case tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA:
		return "ECDHE-RSA-AES256-SHA"
	}
	return tls.CipherSuiteName(suite)
}
