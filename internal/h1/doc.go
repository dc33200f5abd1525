// Package h1 serves an http.Handler over HTTP/1.1 (RFC 9110, RFC 9112). Requests
// are read to the letter: what is malformed or ambiguous is refused, and with it
// all that follows on its connection, since nobody can say any more where a
// request begins.
//
// What is accepted and what is refused is written down as cases in testdata, one
// file a rule; testdata/README.md tells their form.
package h1
