//go:build !windows

package main

import (
	"strconv"

	"highball"
	"highball/internal/settings"
)

// socketSettings say how listening sockets are opened.
func socketSettings() []settings.Setting {
	const group = "Network"
	return []settings.Setting{
		{
			Name: "backlog", Kind: settings.Int, Min: 1, Group: group,
			Default: strconv.Itoa(highball.DefaultBacklog),
			Usage:   "how many connections may wait to be accepted",
			KnownAs: []string{"listen-backlog", "so-backlog", "somaxconn", "listen-queue"},
			Doc: `
How many connections may wait on each listening socket until the server accepts them: while the workers start, or when ` + "`max-connections`" + ` is reached. One more
is refused on a Unix socket, and on TCP waits for its next try, a second later. The system may allow less (Linux: ` + "`net.core.somaxconn`" + `, 4096 as a rule); then a line in the log
says so. A bind may have its own, ` + "`:8000?backlog=64`" + `. Sockets that systemd has opened keep what ` + "`Backlog=`" + ` of the socket unit says.`,
		},
		{
			Name: "reuse-port", Kind: settings.Bool, Group: group,
			Usage:   "let other processes listen on the same TCP ports",
			KnownAs: []string{"reuseport", "so-reuseport"},
			Doc: `
Opens TCP sockets with ` + "`SO_REUSEPORT`" + `: several servers of one user may listen on one port, and Linux spreads new connections over them. All of them need
the option. It is off by default, because a second server that was started by mistake would then take half of the requests instead of failing. It is not needed for
reloads and upgrades, which hand the sockets themselves over; a server of such a group that stops loses the connections that wait in its own backlog in that instant.`,
		},
	}
}

// privilegeSettings say as whom the server runs.
func privilegeSettings() []settings.Setting {
	const group = "Privileges"
	return []settings.Setting{
		{
			Name: "user", Kind: settings.String, Group: group, Placeholder: "USER",
			Automatic: "who started the server",
			Usage:     "the user that the server becomes once its sockets are open",
			KnownAs:   []string{"uid", "setuid", "run-as"},
			Doc: `
The user, by name or number, that the front and the workers run as. It needs a start by root: the server opens its sockets, log and control socket, and then becomes this user, for good and before any line of
Python runs; if that fails, it does not start. The user's supplementary groups are those of ` + "`/etc/group`" + `. Who is this user already may name it, too. ` + "`HOME`" + ` and the
rest of the environment stay as they were: set them with ` + "`env`" + ` where the application needs them.`,
		},
		{
			Name: "group", Kind: settings.String, Group: group, Placeholder: "GROUP",
			Automatic: "the user's own group",
			Usage:     "the group that the server takes on with user",
			KnownAs:   []string{"gid", "setgid"},
			Doc: `
The group, by name or number, that the front and the workers run with in the place of the user's own. A ` + "`user`" + ` that is a number without an entry in ` + "`/etc/passwd`" + ` needs it.`,
		},
		{
			Name: "umask", Kind: settings.String, Group: group, Placeholder: "MODE",
			Automatic: "the one it is started with",
			Usage:     "the bits that new files do not have, in octal",
			KnownAs:   []string{"file-mode", "chmod-socket"},
			Doc: `
The permissions that files made by the front and the application do not have, in octal: ` + "`027`" + ` keeps them from other users. It holds before the first socket is opened and the
application imported. A Unix socket without a ` + "`mode`" + ` of its own gets ` + "`777`" + ` without these bits.`,
		},
	}
}
