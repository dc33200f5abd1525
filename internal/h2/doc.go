// Package h2 serves an http.Handler over HTTP/2 (RFC 9113). It begins where the
// connection speaks HTTP/2 already: by prior knowledge, or by ALPN over TLS.
//
// One goroutine reads a connection, each request has one of its own, and one that is
// started when there is something to write takes all of it. One lock guards what they
// share; nothing blocks that holds it.
package h2
