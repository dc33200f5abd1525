//go:build !windows

package main

import (
	"highball"
	"highball/internal/settings"
)

// proxySettings say whose word on a request is believed.
func proxySettings() []settings.Setting {
	const group = "Proxies"
	return []settings.Setting{
		{
			Name: "trusted-proxies", Kind: settings.List, Group: group, Placeholder: "NETWORK",
			Usage:   "a proxy that is believed: an address, a network, unix or @FILE",
			KnownAs: []string{"forwarded-allow-ips", "proxy-allow-ips", "proxy-allow-from", "trusted-proxy", "set-real-ip-from", "real-ip-from", "proxy-protocol"},
			Doc: `
The peers whose word on a request is believed: who its client is, and by which scheme and host it came. An address, a network such as
` + "`10.0.0.0/8`" + `, ` + "`unix`" + ` for all peers on Unix sockets, or ` + "`@FILE`" + `, a file with an address or network in each line and comments behind ` + "`#`" + `, as those who run
large proxies publish them. It is read at the start and at each reload; a name without a slash in front is looked for in ` + "`chdir`" + `. ` + "`*`" + ` and ` + "`0.0.0.0/0`" + ` trust
everybody, which is right only where nobody but the proxy can connect; the log warns of them.

None by default: what is not listed here is not believed, and its ` + "`X-Forwarded-*`" + `, ` + "`Forwarded`" + ` and the like do not reach the application. The
same list says who may connect to a ` + "`proxy+`" + ` address, and to a ` + "`uwsgi://`" + ` one by TCP (there, without a
list, this machine). [OPERATIONS.md](OPERATIONS.md#behind-a-proxy) has the lines for nginx, HAProxy, Apache and Envoy.`,
		},
		{
			Name: "proxy-headers", Kind: settings.List, Group: group, Placeholder: "FIELDS",
			Default: highball.DefaultProxyHeaders,
			Usage:   "the fields of trusted proxies that are looked at",
			KnownAs: []string{"secure-scheme-headers", "forwarder-headers", "real-ip-header", "trusted-proxy-headers"},
			Doc: `
Which fields of ` + "`trusted-proxies`" + ` are looked at. A proxy passes on what it does not set itself as its client has sent it, so there should be nothing here that
it neither sets nor removes. ` + "`x-forwarded`" + `, the default, is ` + "`X-Forwarded-For`, `-Proto`, `-Host`, `-Port` and `-Prefix`" + `; ` + "`forwarded`" + ` is RFC 7239. The presets are what
a proxy sets by itself or by the lines in its manual: ` + "`nginx`" + ` (X-Forwarded-For, else X-Real-IP; X-Forwarded-Proto), ` + "`haproxy`" + ` and ` + "`envoy`" + ` (For and Proto), ` + "`apache`" + `
(For, Proto, Host), ` + "`cloudflare`" + ` (CF-Connecting-IP and X-Forwarded-Proto). Fields may be named one by one: ` + "`x-forwarded-for`" + ` and so on,
` + "`x-forwarded-ssl`, `x-real-ip`, `cf-connecting-ip`" + `. Several entries add up.

With ` + "`nginx`" + ` no early hints (103) are sent to the proxy: nginx before 1.29 takes them for the response. From 1.29 on, with its ` + "`early_hints`" + `, name the fields one by one.`,
		},
	}
}
