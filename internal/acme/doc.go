// Package acme gets certificates from a certificate authority by the ACME protocol
// (RFC 8555), keeps them in a directory that processes share, and renews them in time.
//
// The protocol, the renewal windows and the form of the directory are certmagic's; the
// schedule, the locks, what is served meanwhile and what is said about it are of this
// package: a certificate that is there is served, whatever its authority does.
package acme
