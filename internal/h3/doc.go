// Package h3 serves HTTP/3 (RFC 9114) with QPACK (RFC 9204) on the connections of
// quic-go. Its own are the frames, the streams and the requests, so that each clause
// can be held to the letter; QUIC itself (RFC 9000) and TLS are the library's.
package h3
