// Package highball serves Python WSGI (PEP 3333) applications.
//
// A [Server] runs an unmodified Flask, Django or other WSGI application in
// CPython worker processes and is itself an [http.Handler]: it can be the whole
// server ([Server.Run]), of one application or of several ([App]), or stand beside
// Go handlers in a program of yours ([Mount]). Only the standard library's types appear in this API, nothing is
// global, and several Servers live in one process.
//
// The command is in highball/cmd/highball; docs/ARCHITECTURE.md tells how the
// parts work together.
package highball
