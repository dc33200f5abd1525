// Package certs has the certificates that a server shows, and what it asks of its
// clients': pairs of files that are read again when they change, chosen by the name
// that a client asks for, and other sources beside them. It makes the tls.Config that
// listeners serve by.
package certs
