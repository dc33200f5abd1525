//go:build !windows

package main

import (
	"highball"
	"highball/internal/settings"
)

const bodyGroup = "Request bodies"

// bodySettings say how large the bodies of requests may be, and where they wait.
func bodySettings() []settings.Setting {
	return []settings.Setting{
		{
			Name: "max-body", Kind: settings.Size, Group: bodyGroup,
			Default: inBytes(highball.DefaultMaxBody),
			Usage:   "the largest body of a request",
			KnownAs: []string{"client-max-body-size", "limit-request-body", "limit-post", "max-request-body-size", "max-body-size"},
			Doc: `
The largest body of a request; a larger one is answered 413. One that says its length is refused before anything of it is read, and before
any ` + "`100 Continue`" + `; a chunked one as soon as so much has come, and its connection is closed. The default is far above what forms and photographs
need, and keeps a single client from filling the disk. The application should have limits of its own for what it takes into memory. ` + "`0`" + ` is no limit.`,
		},
		{
			Name: "body-memory", Kind: settings.Size, Group: bodyGroup,
			Default: inBytes(highball.DefaultBodyMemory),
			Usage:   "the largest body that waits in memory",
			KnownAs: []string{"client-body-buffer-size", "post-buffering", "inbuf-overflow"},
			Doc: `
A request takes a thread only when its body is whole. Up to this size the body waits in memory and goes to the worker with the request; a
larger one waits in a file, see ` + "`spool-limit`" + `. Memory is taken for what has come, not for what a client announces. The
default holds what forms and API calls send. At most 7 MiB, which is what one message to a worker carries; with ` + "`0`" + ` every body waits in a file.`,
		},
		{
			Name: "spool-limit", Kind: settings.Size, Group: bodyGroup,
			Default: inBytes(highball.DefaultSpoolLimit),
			Usage:   "the largest body that waits in a file; a larger one streams",
			KnownAs: []string{"max-spool", "spool-max", "body-spool-limit"},
			Doc: `
The largest body that waits in a file until it is whole. The file has no name, and its descriptor is passed to the worker: there
` + "`wsgi.input`" + ` is a real file, which can be read again (` + "`seek`" + `). A larger body streams: the request takes a thread at once, or when so much of a
chunked body has come, and the application reads what comes while the client sends. So a slow client with a body beyond this holds a
thread. Never more than ` + "`spool-quota`" + `. With ` + "`0`" + ` nothing waits in a file, and all above ` + "`body-memory`" + ` streams.`,
		},
		{
			Name: "spool-dir", Kind: settings.String, Group: bodyGroup, Placeholder: "DIR",
			Automatic: "$TMPDIR, /var/tmp or /tmp",
			Usage:     "the directory for files that bodies wait in",
			KnownAs:   []string{"client-body-temp-path", "post-buffering-dir", "worker-tmp-dir", "temp-dir", "upload-dir"},
			Doc: `
The directory for what does not fit into memory: ` + "`$TMPDIR`" + ` if that is set, else ` + "`/var/tmp`" + `, which is on a disk where ` + "`/tmp`" + ` often is memory, else
` + "`/tmp`" + `. The files have no names and are gone with the process, however it ends. A directory given here that cannot be used is an error at
the start; without one the server starts with a warning, and bodies above ` + "`body-memory`" + ` stream.`,
		},
		{
			Name: "spool-quota", Kind: settings.Size, Group: bodyGroup,
			Default: inBytes(highball.DefaultSpoolQuota),
			Usage:   "how much all those files may hold together",
			KnownAs: []string{"spool-size", "max-spool-total", "temp-quota"},
			Doc: `
How much all files in ` + "`spool-dir`" + ` may hold together. What would go beyond is refused by 503 with ` + "`Retry-After`" + `, the log says so once a minute at most,
and it is over as soon as others have ended. The same happens when the disk is full before that. The default lets eight bodies
of the largest size be under way at once; set it to what the disk can spare. ` + "`0`" + ` is no limit.`,
		},
		{
			Name: "stream-request", Kind: settings.List, Group: bodyGroup, Placeholder: "PATH",
			Usage:   "a path below which bodies stream to the application",
			KnownAs: []string{"proxy-request-buffering", "request-buffering", "stream-body", "streaming-paths"},
			Doc: `
Paths below which no body waits: the application gets the request at once and reads what has come, the client sends no faster than
it reads, and ` + "`100 Continue`" + ` goes out at its first read. For applications that look at an upload while it comes, or answer before it has
ended. ` + "`/upload`" + ` means that path and all below it, ` + "`/`" + ` everything; the path is the decoded one, with ` + "`script-name`" + `. A slow client then holds a thread
for as long as it likes to send. None by default.`,
		},
	}
}

// bodyPaceSettings say how slowly bodies may come.
func bodyPaceSettings() []settings.Setting {
	return []settings.Setting{
		{
			Name: "body-timeout", Kind: settings.Duration, Group: bodyGroup,
			Default: inSeconds(highball.DefaultBodyTimeout),
			Usage:   "the longest pause within a body",
			KnownAs: []string{"client-body-timeout", "channel-timeout", "socket-timeout"},
			Doc: `
The longest pause of a client within the body of its request; then the answer is 408 and the connection closes. Only the time in which the server
waits for the client counts. One minute, as nginx has it, lets a telephone change its network. ` + "`0`" + ` is no limit.`,
		},
		{
			Name: "body-min-rate", Kind: settings.Size, Group: bodyGroup,
			Default: inBytes(highball.DefaultBodyMinRate),
			Usage:   "how many bytes a second a client has to send of a body",
			KnownAs: []string{"min-rate", "min-request-body-data-rate", "request-read-timeout", "min-body-rate"},
			Doc: `
How many bytes a second a client has to send of a body, on the average of the time in which the server has waited for it, but for the first
` + "`body-grace`" + ` of that. One that is slower is answered 408 and its connection closed. Against clients that send a byte now and then in order
to hold a connection; 240 bytes, as Kestrel has it, is less than the worst of lines. ` + "`0`" + ` is no limit.`,
		},
		{
			Name: "body-grace", Kind: settings.Duration, Group: bodyGroup,
			Default: inSeconds(highball.DefaultBodyGrace),
			Usage:   "how long a client may be slower than body-min-rate",
			KnownAs: []string{"body-grace-period", "min-rate-grace"},
			Doc: `
How long, in all, the server waits for a client whose body comes more slowly than ` + "`body-min-rate`" + `. Connections begin slowly, and a body that comes within
this time is never too slow. It also bounds how long a client may announce a body and send nothing of it, unless ` + "`body-min-rate`" + ` is 0: then that
is ` + "`body-timeout`" + `.`,
		},
	}
}

// inBytes writes n as an operator would.
func inBytes(n int64) string { return settings.Bytes(n).String() }
