// Package wire is the language that the front (Go) and its Python processes
// speak over pipes and Unix sockets: length-prefixed frames whose structured payloads are
// CPython's own marshal format, so that the Python side decodes a request with
// one C call.
//
// PROTOCOL.md describes the frames; testdata/vectors.json holds encodings that
// the tests of both sides read, so that the twins cannot drift.
package wire
