// Package control is how an operator asks and tells a running server: HTTP and
// JSON on a Unix socket that only the server's user may open. The server's side
// is [Listen] and [Serve], the operator's [Find] and [Client].
package control
