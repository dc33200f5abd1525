//go:build !windows

package main

import (
	"highball"
	"highball/internal/settings"
)

// networkSettings say where requests come in.
func networkSettings() []settings.Setting {
	const group = "Network"
	return []settings.Setting{
		{
			Name: "bind", Short: "b", Kind: settings.List, Group: group,
			Default: highball.DefaultBind, Placeholder: "ADDRESS",
			Usage:   "an address to listen on: HOST:PORT, :PORT, unix:PATH, fd://N or systemd:NAME",
			KnownAs: []string{"listen", "host", "port", "http", "socket", "address", "http3", "h3", "quic-bind", "uwsgi-socket"},
			Doc: `
The addresses to listen on, ` + "`[proxy+][PROTOCOL://]ADDRESS[?OPTIONS]`" + `; given several times, all of them. The protocol is one of

- ` + "`http`" + `, which need not be said: HTTP/1 and, for clients that begin with it, HTTP/2;
- ` + "`https`" + `: the same by TLS, with ` + "`certfile`" + `, ` + "`https`" + ` or ` + "`local-https`" + `;
- ` + "`h3`" + `: HTTP/3 on a UDP port, beside ` + "`https`" + ` on the TCP port of the same number;
- ` + "`uwsgi`" + `: what nginx's ` + "`uwsgi_pass`" + ` and Apache's ` + "`mod_proxy_uwsgi`" + ` speak.

` + "`proxy+`" + ` is for connections that begin with the PROXY protocol, of ` + "`trusted-proxies`" + ` alone. The address is one of

- ` + "`host:port`" + `, ` + "`[::1]:port`" + `; ` + "`:port`" + ` and ` + "`[::]:port`" + ` for all interfaces with IPv4 and IPv6, ` + "`0.0.0.0:port`" + ` for IPv4 alone;
- ` + "`unix:/path`" + `, or ` + "`unix:@name`" + ` for a socket of Linux that has no file (every user of the machine may connect to it);
- ` + "`fd://3`" + `, a listening socket that whoever starts the server has opened, and ` + "`systemd:NAME`" + `, those that systemd calls so (` + "`systemd:`" + `: all that it has given).

The options are ` + "`mode=660`" + `, ` + "`owner=NAME`" + ` and ` + "`group=NAME`" + ` of a Unix socket's file, from its first moment on, ` + "`backlog=N`" + ` and ` + "`reuseport`" + `
as the settings of these names, and ` + "`ipv6only`" + ` for ` + "`[::]:port`" + `, with ` + "`&`" + ` between them: ` + "`unix:/run/app.sock?mode=660&group=www-data`" + `. (In a shell such an address stands in quotes.)

The default can be reached from this machine only, since a server should not be open to a network before somebody asks for it; a container needs ` + "`:8000`" + `. An address
given anywhere replaces the default, and so do sockets of systemd where no address is given. A port below 1024 needs root, see ` + "`user`" + `, or the capability ` + "`CAP_NET_BIND_SERVICE`" + ` on Linux.`,
		},
		{
			Name: "script-name", Kind: settings.String, Group: group, Placeholder: "PREFIX",
			Usage:   "the path prefix that the application is mounted under",
			KnownAs: []string{"prefix", "root-path", "url-prefix"},
			Doc: `
The path prefix that the application is mounted under, such as ` + "`/shop`" + `. It becomes ` + "`SCRIPT_NAME`" + `, the rest of the path ` + "`PATH_INFO`" + `, and the
framework puts it in front of the addresses that it generates. A request outside of it is answered 404. By default the application has
the whole site. Behind a server that strips the prefix itself, the application never sees it: let that server pass the path whole. Only on a ` + "`uwsgi://`" + `
address what the server has taken off is known, by its ` + "`SCRIPT_NAME`" + `, and counts as there.`,
		},
	}
}
