//go:build !windows

package main

import (
	"highball"
	"highball/internal/settings"
)

// tlsSettings say how https is served.
func tlsSettings() []settings.Setting {
	const group = "TLS"
	return []settings.Setting{
		{
			Name: "certfile", Kind: settings.List, Group: group, Placeholder: "FILE",
			Usage:   "a certificate for https, PEM, with its issuers' behind it",
			KnownAs: []string{"ssl-certfile", "ssl-certificate", "tls-cert", "cert", "certificate"},
			Doc: `
The certificates that https shows, in PEM, each file with its issuers' certificates behind its own. It needs an address that begins with ` + "`https://`" + ` in
` + "`bind`" + `. With several, a client gets the one for the server name that it asks for, and the first if there is none; of two for the same names, one RSA and one
ECDSA, the one that it can check. Files that change are read again within five seconds, and at a reload; one that is half written, or whose key does not fit,
leaves the old certificate in use. They must be readable for the user that the server runs as.`,
		},
		{
			Name: "keyfile", Kind: settings.List, Group: group, Placeholder: "FILE",
			Usage:   "the private key of the certfile in the same place",
			KnownAs: []string{"ssl-keyfile", "ssl-certificate-key", "tls-key", "private-key"},
			Doc: `
The private keys, in PEM and without a passphrase, in the order of ` + "`certfile`" + `. It can be left out where the key is in the certificate's own file. Nobody
but the server should be able to read them.`,
		},
		{
			Name: "tls-profile", Kind: settings.Enum, Group: group, Choices: []string{string(highball.TLSModern), string(highball.TLSIntermediate)},
			Default: string(highball.TLSIntermediate),
			Usage:   "which versions of TLS: modern (1.3) or intermediate (1.3 and 1.2)",
			KnownAs: []string{"ssl-version", "ssl-protocols", "ciphers", "ssl-ciphers", "tls-version"},
			Doc: `
Which versions and suites of TLS are spoken, by the names that Mozilla gives: ` + "`modern`" + ` is TLS 1.3 alone, ` + "`intermediate`" + ` has TLS 1.2 as well, with suites
that keep recorded traffic secret if the key is lost. The default reaches what browsers and libraries of the last ten years can. There is no
choice of single suites: what is left of them is safe.`,
		},
		{
			Name: "client-cert", Kind: settings.Enum, Group: group,
			Choices: []string{string(highball.ClientCertNone), string(highball.ClientCertOptional), string(highball.ClientCertRequired)},
			Default: string(highball.ClientCertNone),
			Usage:   "whether clients are asked for a certificate: none, optional, required",
			KnownAs: []string{"cert-reqs", "ssl-cert-reqs", "ssl-verify-client", "client-auth"},
			Doc: `
Whether clients are asked for a certificate. With ` + "`required`" + ` nobody gets in without a valid one; with ` + "`optional`" + ` everybody does, and the application
looks at ` + "`SSL_CLIENT_VERIFY`" + `: ` + "`SUCCESS`, `NONE`" + ` or ` + "`FAILED:`" + ` and the reason. It needs ` + "`client-ca`" + `. docs/WSGI.md has the variables.`,
		},
		{
			Name: "client-ca", Kind: settings.String, Group: group, Placeholder: "FILE",
			Usage:   "the certificates of those who issue the clients', PEM",
			KnownAs: []string{"ca-certs", "ssl-ca-certs", "ssl-client-certificate", "cafile"},
			Doc: `
The certificates, in PEM, of those who issue the certificates of clients. Those that the system trusts are not among them: anybody can get a certificate of those. The
file is read again when it changes.`,
		},
		{
			Name: "redirect-https", Kind: settings.Bool, Group: group,
			Usage:   "answer http with 308 and the https URL",
			KnownAs: []string{"ssl-redirect", "http-to-https", "https-redirect"},
			Doc: `
Have requests by http answered with 308 and the same URL by https, at the port of the first https address, or without a port if there is none. Requests that came by https to a
proxy that is believed are served.`,
		},
		{
			Name: "hsts", Kind: settings.String, Group: group, Placeholder: "AGE",
			Usage:   `have browsers use https alone, for "365d" or "365d; includeSubDomains"`,
			KnownAs: []string{"strict-transport-security", "hsts-seconds", "hsts-max-age"},
			Doc: `
Have https responses tell browsers to use nothing but https for so long (` + "`Strict-Transport-Security`" + `): an age like ` + "`365d`" + ` or ` + "`12h`" + `, and behind
it, if they are meant, ` + "`; includeSubDomains`" + ` and ` + "`; preload`" + `. A field that the application gives itself stays. Begin with an hour: what browsers have been told
cannot be taken back but by an age of ` + "`0`" + `, one visit after the other.`,
		},
	}
}

// tlsConfig turns these settings into what package highball takes.
func tlsConfig(v settings.Values) highball.TLS {
	return highball.TLS{
		CertFiles: v.List("certfile"), KeyFiles: v.List("keyfile"), Profile: highball.TLSProfile(v.String("tls-profile")),
		ClientCA: v.String("client-ca"), ClientCert: highball.ClientCert(v.String("client-cert")),
		Redirect: v.Bool("redirect-https"), HSTS: v.String("hsts"),
	}
}
