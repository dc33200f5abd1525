//go:build !windows

package main

import (
	"highball"
	"highball/internal/acme"
	"highball/internal/settings"
)

const acmeGroup = "Automatic certificates"

// acmeSettings say which certificates the server gets by itself.
func acmeSettings() []settings.Setting { return append(acmeNames(), acmeAuthority()...) }

func acmeNames() []settings.Setting {
	return []settings.Setting{
		{
			Name: "https", Kind: settings.List, Group: acmeGroup, Placeholder: "NAME",
			Usage:   "a name to serve by https, with a certificate got automatically",
			KnownAs: []string{"domain", "domains", "auto-https", "letsencrypt", "automatic-https"},
			Doc: `
The host names that the server gets certificates for by itself, by ACME, and renews. Without ` + "`bind`" + ` it listens on ` + "`:80`, `https://:443` and `h3://:443`" + `, and
has http redirected; with it, one address has to be https, and the authority has to reach port 80 or 443 of the name. The server starts, and serves http, without waiting for a
certificate; while there is none, https connections for that name fail. An IP address may be a name where the authority has such certificates.`,
		},
		{
			Name: "acme-on-demand", Kind: settings.List, Group: acmeGroup, Placeholder: "NAME",
			Usage:   "a name, or *.NAME, to get a certificate for when it is first asked for",
			KnownAs: []string{"on-demand-tls", "on-demand"},
			Doc: `
Names that get a certificate when a client first asks for them: for sites whose names are not known beforehand. ` + "`*.example.com`" + ` is any one label before
` + "`example.com`" + `. The first client waits for it. No others than these names are ever asked for, and not many at once: 10, and then one each
two minutes, 1000 in all, since whoever reaches the server can ask for names. Authorities have limits too: Let's Encrypt gives 50 certificates a week below one domain.`,
		},
		{
			Name: "local-https", Kind: settings.Bool, Group: acmeGroup,
			Usage:   "https for localhost, with a certificate made here: for development",
			KnownAs: []string{"dev-https", "self-signed", "mkcert", "ssl-adhoc"},
			Doc: `
Serve https with a certificate for ` + "`localhost`, `127.0.0.1`, `::1`" + ` and the machine's name, signed by an authority that is made once, in ` + "`acme-dir`" + `, and can sign for
nothing else. Without ` + "`bind`" + ` the address is ` + "`https://127.0.0.1:8443`" + `. The authority is made known to what trusts it without asking anybody: Chromium and Firefox where
` + "`certutil`" + ` is installed, and the system's own store if the server is started by root. Else a line in the log says how to. Not for what others are to use.`,
		},
	}
}

func acmeAuthority() []settings.Setting {
	return []settings.Setting{
		{
			Name: "acme-ca", Kind: settings.String, Group: acmeGroup, Placeholder: "URL",
			Automatic: "Let's Encrypt",
			Usage:     "the ACME directory of the authority to ask",
			KnownAs:   []string{"acme-directory", "acme-server", "acme-url", "ca-server"},
			Doc: `
The URL of the ACME directory of the authority that is asked, such as one of your own, or ` + "`https://acme-staging-v02.api.letsencrypt.org/directory`" + ` for trials. To ask one is to
agree to its terms. Certificates of another authority that are there already are not used.`,
		},
		{
			Name: "acme-ca-root", Kind: settings.String, Group: acmeGroup, Placeholder: "FILE",
			Automatic: "those that the system trusts",
			Usage:     "certificates to check the authority's own server by, PEM",
			KnownAs:   []string{"acme-ca-certificates", "ca-root"},
			Doc: `
A file with certificates, in PEM, by which the authority's own server is checked: for one within your network, whose certificates the system does not trust.`,
		},
		{
			Name: "acme-email", Kind: settings.String, Group: acmeGroup, Placeholder: "ADDRESS",
			Usage:   "where the authority may write to",
			KnownAs: []string{"letsencrypt-email", "email"},
			Doc: `
An address of e-mail that is given to the authority with the account, so that it may write about it. By default none is given: none is needed, and Let's Encrypt does not write any more.`,
		},
		{
			Name: "acme-dir", Kind: settings.String, Group: acmeGroup, Placeholder: "DIR",
			Automatic: "highball/acme in $XDG_DATA_HOME, ~/.local/share or /var/lib",
			Usage:     "where keys and certificates are kept",
			KnownAs:   []string{"acme-storage", "cert-dir", "acme-cache"},
			Doc: `
The directory in which keys, certificates and the account are kept. It is made for the server's user alone, and has to be his; with ` + "`user`" + `, root makes it
for that one, where it is missing or empty. Servers that share it get each certificate once, and answer
for each other. By default it is ` + "`acme`" + ` in what systemd has made for the service (` + "`StateDirectory=`" + `), else ` + "`highball/acme`" + ` in ` + "`$XDG_DATA_HOME`" + `, in
` + "`~/.local/share`" + `, or for root, and with ` + "`user`" + `, in ` + "`/var/lib`" + `. Keep it: who loses it asks for all certificates again, and authorities allow that a few times a week.`,
		},
		{
			Name: "acme-challenge", Kind: settings.List, Group: acmeGroup, Placeholder: "KIND",
			Default: acme.HTTP01 + "," + acme.TLSALPN01,
			Usage:   "how the authority may check a name: http-01, tls-alpn-01",
			KnownAs: []string{"acme-challenges", "challenge"},
			Doc: `
How the authority may see that a name is yours: ` + "`http-01`" + ` asks port 80 of the name by http, ` + "`tls-alpn-01`" + ` port 443 by TLS. By default either, so that one reachable port is
enough; what it asks is answered before a redirect and before the application. Behind a proxy that ends TLS only ` + "`http-01`" + ` can work. A program that uses Highball as a
library may answer ` + "`dns-01`" + `, which patterns need.`,
		},
	}
}

// acmeConfig turns these settings into what package highball takes.
func acmeConfig(v settings.Values) highball.ACME {
	a := highball.ACME{
		Names: v.List("https"), OnDemand: v.List("acme-on-demand"), Directory: v.String("acme-ca"), Root: v.String("acme-ca-root"),
		Email: v.String("acme-email"), Dir: v.String("acme-dir"),
	}
	if v.Source("acme-challenge") != settings.SourceDefault {
		a.Challenges = v.List("acme-challenge")
	}
	return a
}
