// Package uwsgi reads requests of the uwsgi protocol, which nginx's uwsgi_pass and
// Apache's mod_proxy_uwsgi speak: a packet of variables, and behind it the body. The
// response is one of HTTP/1 that the end of the connection ends; h1 writes it.
package uwsgi
