// Package h1test reads the corpus of HTTP/1.1 requests in internal/h1/testdata.
//
// The corpus says what has to be accepted, and as what, and what has to be refused.
// It knows no implementation: the engine, the whole server and other servers are
// all held against the same files. Their form is told in testdata/README.md.
package h1test
