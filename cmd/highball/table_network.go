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
			Usage:   "an address to listen on: HOST:PORT, :PORT or unix:PATH",
			KnownAs: []string{"listen", "host", "port", "http", "socket", "address"},
			Doc: `
The addresses to listen on: ` + "`host:port`" + `, ` + "`:port`" + ` for all interfaces, ` + "`[::1]:port`" + `, or ` + "`unix:/path`" + `; for https with
` + "`https://`" + ` before it, and with ` + "`certfile`" + `. The default can be reached from this
machine only, since a server should not be open to a network before somebody asks for it; a container needs ` + "`:8000`" + `. An address
given anywhere replaces the default. A port below 1024 needs the capability ` + "`CAP_NET_BIND_SERVICE`" + ` on Linux.`,
		},
		{
			Name: "script-name", Kind: settings.String, Group: group, Placeholder: "PREFIX",
			Usage:   "the path prefix that the application is mounted under",
			KnownAs: []string{"prefix", "root-path", "mount", "url-prefix"},
			Doc: `
The path prefix that the application is mounted under, such as ` + "`/shop`" + `. It becomes ` + "`SCRIPT_NAME`" + `, the rest of the path ` + "`PATH_INFO`" + `, and the
framework puts it in front of the addresses that it generates. A request outside of it is answered 404. By default the application has
the whole site. Behind a server that strips the prefix itself, the application never sees it: let that server pass the path whole.`,
		},
	}
}
