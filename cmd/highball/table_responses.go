//go:build !windows

package main

import (
	"highball"
	"highball/internal/settings"
)

// responseSettings say where responses wait for their clients.
func responseSettings() []settings.Setting {
	const group = "Responses"
	return []settings.Setting{
		{
			Name: "response-memory", Kind: settings.Size, Group: group,
			Default: settings.Bytes(highball.DefaultResponseMemory).String(),
			Usage:   "how much of a response waits in memory for its client",
			KnownAs: []string{"proxy-buffers", "proxy-buffer-size", "outbuf-overflow", "http-buffer-size"},
			Doc: `
How much of a response is kept in memory until its client takes it. The application never waits for a slow client: what it produces ahead of it
waits here, then in a file (` + "`response-spool-limit`" + `), and its thread serves the next request. Blocks are sent as they come all the same: one waits only behind
others that its client has not taken. With ` + "`0`" + ` one block is kept, and the rest goes to the file.`,
		},
		{
			Name: "response-budget", Kind: settings.Size, Group: group,
			Default: settings.Bytes(highball.DefaultResponseBudget).String(),
			Usage:   "how much of all responses together waits in memory",
			KnownAs: []string{"outbuf-high-watermark", "response-buffer-limit"},
			Doc: `
How much memory all responses together may take while they wait for their clients. When it is used up, what comes goes to files at once; where
there is no room for these either, applications wait for their clients, and no more memory is used. The default is room for a
thousand responses of ` + "`response-memory`" + `. A response in a file takes 16 KiB besides. ` + "`0`" + ` is no limit.`,
		},
		{
			Name: "response-spool-limit", Kind: settings.Size, Group: group,
			Default: settings.Bytes(highball.DefaultResponseSpoolLimit).String(),
			Usage:   "how much of a response waits in a file for its client",
			KnownAs: []string{"proxy-max-temp-file-size", "max-temp-file-size"},
			Doc: `
How much of a response is kept in a file, which has no name, once ` + "`response-memory`" + ` is full. At the limit, and when the disk is full, the
application waits until the client has taken what is there: nothing fails. The default is that of nginx's ` + "`proxy_max_temp_file_size`" + `. With ` + "`0`" + `
there are no files: a response larger than ` + "`response-memory`" + ` keeps its thread busy for as long as its client takes.`,
		},
	}
}
