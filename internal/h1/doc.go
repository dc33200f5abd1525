// Package h1 reads HTTP/1.1 requests (RFC 9110, RFC 9112) to the letter: what is
// malformed or ambiguous is refused, and with it all that follows on its
// connection, since nobody can say any more where a request begins.
package h1
