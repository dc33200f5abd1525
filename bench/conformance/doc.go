// Command conformance sends the corpus of internal/h1/testdata to Highball and to
// other servers, each started as it comes in front of one application, and writes
// down in docs/CONFORMANCE.md who does otherwise with what, and why Highball does
// not.
//
//	go run ./bench/conformance [flags]
//
// Each case goes to each server on a connection of its own, with another request
// right behind it. What the application sees is not taken from responses, which a
// confused server may lose: it tells the command by itself. Linux only, since each
// connection has an address of its own in 127.0.0.0/8, by which a request is known.
//
// gunicorn and Granian are those of --venv, nginx and Apache (with mod_wsgi) those
// of Debian's packages nginx, apache2 and libapache2-mod-wsgi-py3.
package main
