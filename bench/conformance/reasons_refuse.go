package main

// refuseClasses say why Highball refuses what others accept.
func refuseClasses() []class {
	return append(append(append(lineClasses(), hostClasses()...), headClasses()...), bodyClasses()...)
}

// lineClasses are those of the request line.
func lineClasses() []class {
	return []class{
		{"More than the limits", "limit-*",
			`Limits are each server's own, and none of these is wrong: RFC 9110 15.5.15 and RFC 6585 5 give the answers. Highball's are safe on the open
internet: 16 KiB of request line, 64 KiB of head or trailers, 128 fields, 4 KiB of chunk extensions, which RFC 9112 7.1.1 says ought to be limited.`},
		{"Nine empty lines", "rfc9112-2.2-nine-empty-lines",
			`RFC 9112 2.2 has at least one ignored; how many more is a server's choice. Highball passes over eight, so that nobody keeps it busy with nothing.`},
		{"Bare CR", "rfc9112-2.2-bare-cr-* rfc9112-2.2-cr-cr-lf-*",
			`RFC 9112 2.2: a recipient of a bare CR MUST consider the element invalid or replace the CR by a space. Of the two, refusing is the one that
no other server can read otherwise. (In the request line RFC 9112 3 even permits to take it for a separator, and warns of what comes of it.)`},
		{"Bare LF", "rfc9112-2.2-*lf* smuggling-*-lf-* smuggling-te.te-value-lf-* smuggling-te.te-line-*lf*",
			`RFC 9112 2.2: a recipient MAY take a single LF for the end of a line of the head: who does is within the RFC. Highball does not, since a
server before or behind it may not either: that is how a field, or a whole request, is hidden in a value.`},
		{"Junk before the request line", "rfc9112-2.2-*",
			`RFC 9112 2.2: what does not match the grammar, but for the exceptions that it lists, SHOULD be answered 400 and the connection closed. What
two servers skip differently begins at different places.`},
		{"Versions", "rfc9112-2.3* rfc9110-15.6.6-*",
			`RFC 9112 2.3: HTTP, a slash, one digit, a dot, one digit; nothing else is a version. Another major version may be answered 505 (RFC
9110 15.6.6); to serve HTTP/2.0 or 9.9 by the rules of 1.1 is to guess.`},
		{"HTTP/0.9", "rfc9112-3-http-0.9-* rfc9112-3-no-version smuggling-request-line-crlf smuggling-request-line-split",
			`Not of RFC 9112 at all. Its answers have no head, so that a cache or proxy between takes the body for a response of the next request; nginx
and Apache still serve it, and close.`},
		{"Too many, too few or other separators in the request line", "rfc9112-3-* smuggling-request-line-*",
			`RFC 9112 3: one space between three parts. It permits a server to split at any whitespace (MAY); what is then the target differs between servers,
and RFC 9112 11.2 warns of it. Highball takes the grammar's word.`},
		{"The HTTP/2 preface", "rfc9113-3.4-*",
			`On a connection that is HTTP/1.1 it is malformed. A server that speaks HTTP/2 in clear text by prior knowledge (RFC 9113 3.3) is right to take it:
Granian does, and Highball with its front for HTTP/2; the engine alone does not.`},
		{"Bytes that no method has", "rfc9110-9.1-*",
			`RFC 9110 9.1: a method is a token. A delimiter or control byte in it is an invalid request line (RFC 9112 3).`},
		{"CONNECT", "rfc9110-9.3.6-*",
			`RFC 9110 9.3.6: an origin server may accept it, most do not. A 2xx makes the connection a tunnel, which no WSGI application can serve.`},
		{"Percent signs without two digits", "rfc3986-2.1-*",
			`RFC 3986 2.1 has nothing else behind a percent sign, so that the request line is invalid and SHOULD be answered 400 (RFC 9112 3). Frameworks decode them
differently, some twice. In queries, which belong to the application, they are left alone.`},
		{"Control bytes in the target", "rfc9112-3.2-path-* rfc9112-3.2-query-*",
			`RFC 3986 has no place for them, and neither has a log line or a terminal: RFC 9112 3, invalid request line.`},
		{"Fragments", "rfc9112-3.2-fragment*",
			`RFC 9112 3.2: no form of a target has a fragment; a client keeps it. Servers that cut it and those that do not see two resources.`},
		{"Targets of no form", "rfc9112-3.2.1-* rfc9112-3.2.2-* rfc9112-3.2.3-* rfc9112-3.2.4-*",
			`RFC 9112 3.2: a target is a path, an absolute URI, an authority (CONNECT only) or an asterisk (OPTIONS only). Absolute URIs of other schemes than
http and https this server is not authoritative for (RFC 9110 7.4).`},
	}
}

// hostClasses are those of Host and of the authority in a target.
func hostClasses() []class {
	return []class{
		{"Host missing or repeated", "rfc9112-3.2-host-missing* rfc9112-3.2-host-no-fields rfc9112-3.2-host-twice* rfc9112-3.2-absolute-host-missing rfc9112-3.2-absolute-host-twice",
			`RFC 9112 3.2: a server MUST answer 400 to a request of HTTP/1.1 that lacks Host, and to any request that has more than one. Of two, a cache
may obey one and the application the other.`},
		{"Host without a name", "rfc3986-3.2.3-host-colon-alone rfc3986-3.2.3-host-port-alone",
			`RFC 9112 3.2: an empty Host says that the target has no authority; a port without a name says nothing that has a meaning. RFC 9110 4.2.1 has URIs
with an empty host refused.`},
		{"An authority without a host, or with userinfo", "rfc9110-4.2.1-* rfc9110-4.2.4-*",
			`RFC 9110 4.2.1: a recipient MUST reject an empty host. 4.2.4: userinfo SHOULD be treated as an error, since it hides which host is meant.`},
		{"Ports", "rfc3986-3.2.3-*",
			`RFC 3986 3.2.3: a port is digits. That they are at most 65535 is Highball's own addition: there are no other ports. What follows the colon
ends up in redirects and links that the application builds.`},
		{"Bytes that no host has, malformed IPv6 addresses", "rfc3986-3.2.2-* rfc9110-7.2-* rfc9112-3.2-absolute-host-bad rfc9112-3.2-host-bad-http-1.0 smuggling-host-quoted smuggling-host-utf8",
			`RFC 9112 3.2: a server MUST answer 400 to a Host field with an invalid value. Applications make links, redirects and mails of
it, and caches keys: what is no host is an attack or a mistake. (A comma is a sub-delim, which RFC 3986 3.2.2 has in names: Highball refuses it by choice, since
it parts a list of two Hosts that a proxy has joined.)`},
	}
}

// headClasses are those of fields and of what they say about the body.
func headClasses() []class {
	return []class{
		{"Expectations that nobody can meet", "rfc9110-10.1.1-*",
			`RFC 9110 10.1.1: a server MAY answer 417; who serves the request all the same is within the RFC. In Highball the gateway answers, not
the engine: its row here shows the engine alone.`},
		{"Bytes that no name has", "rfc9110-5.1-* rfc9110-5.6.2-* smuggling-te.te-line-* smuggling-0.cl-* smuggling-host-*",
			`RFC 9110 5.1: a name is a token. nginx drops such a field and passes on the rest, which keeps it from what is behind; what is before
may have read a Transfer-Encoding or Content-Length in it. Highball refuses the whole.`},
		{"Control bytes in values", "rfc9110-5.5-*",
			`RFC 9110 5.5: CR, LF and NUL are dangerous, and a recipient MUST reject them or replace them by spaces; other control bytes are invalid, and a
recipient MAY keep them in "a safe context". A log or a terminal is none.`},
		{"Lines that are no field", "rfc9112-5-* rfc9112-5.1-*",
			`RFC 9112 5.1: whitespace between name and colon MUST be refused by 400. A line without a colon is no field (RFC 9112 5): nginx
drops it, another may take it for the end of the head or for the value before it.`},
		{"Folded lines", "rfc9112-5.2-*",
			`RFC 9112 5.2: a server MUST refuse obs-fold by 400 or replace it by spaces: both are right. Highball refuses, since nobody has sent them
in good faith for long, and a line that begins with whitespace right behind the request line MUST be refused or dropped (2.2); a
server that takes a folded line for a field of its own sees another request.`},
		{"Content-Length with Transfer-Encoding", "rfc9112-6.3-te-and-cl* smuggling-cl.te-* smuggling-te.cl-basic smuggling-te.cl-zero smuggling-hop-cl-and-te smuggling-hop-close-te-and-cl",
			`RFC 9112 6.1: a server MAY refuse it or obey Transfer-Encoding alone; "Regardless, the server MUST close the connection after responding". Whoever
went on here did otherwise than this MUST. CL.TE and TE.CL begin here: Highball refuses.`},
		{"Transfer-Encoding in HTTP/1.0", "rfc9112-6.1-http-1.0* smuggling-hop-keep-alive-http-1.0-te",
			`RFC 9112 6.1: a server MUST treat the framing as faulty and close the connection after processing the message. To refuse it leaves
nothing to process by guess. Whoever went on did otherwise than this MUST.`},
		{"Transfer codings other than chunked alone", "rfc9112-6.1-* rfc9112-6.3-chunked-gzip rfc9112-7-* smuggling-te.te-* smuggling-te.cl-*",
			`RFC 9112 6.1: chunked is the last coding and applied once; 501 SHOULD answer a coding that is not understood. A server that passes over
what it does not understand in this field, or takes for chunked what only looks like it, disagrees with another about where the
body ends (TE.TE). Who decodes gzip before chunked may accept it; these pass the coded bytes on as if they were none.`},
		{"Content-Length repeated", "rfc9112-6.3-length-* rfc9110-8.6-list-* smuggling-cl.cl-* smuggling-cl.0-*",
			`RFC 9110 8.6: a list of one value repeated MAY be refused or taken for that value; different ones MUST be refused (RFC 9112 6.3). Highball
refuses all: which value another server took cannot be known.`},
		{"Malformed lengths", "rfc9110-8.6-*",
			`RFC 9110 8.6: digits, and nothing else; a recipient MUST anticipate large numbers and prevent errors by overflow. A length beyond 63 bits no
client can send: to wait for it is to wait for ever.`},
	}
}

// bodyClasses are those of chunks.
func bodyClasses() []class {
	return []class{
		{"Chunk sizes near 2^63 and beyond", "rfc9112-7.1-size-overflow-* rfc9112-7.1-size-thousand-digits",
			`RFC 9112 7.1 has recipients anticipate large numbers and prevent overflow. Who waits for 2^63 bytes reads all that follows as data.`},
		{"Chunk sizes that are none", "rfc9112-7.1-size-* rfc9112-7.1-last-chunk-* rfc9112-7.1-not-chunks rfc9112-7.1-crlf-before-size smuggling-chunk-size-* smuggling-chunk-last-*",
			`RFC 9112 7.1: hexadecimal digits, at once followed by CRLF or an extension. A sign, a prefix, whitespace or another alphabet is read by some and not
by others, and each then finds another end. (Spaces behind the size, which nginx, Apache and Go pass over, come from old servers that padded sizes; no
grammar since RFC 2616 has them.)`},
		{"Line ends in chunks", "rfc9112-7.1-* smuggling-chunk-one-byte smuggling-chunk-two-bytes",
			`RFC 9112 7.1: CRLF after size and data. The permission of 2.2 to accept a single LF is for the request line and fields, not for chunks; one server
that takes LF, or any two bytes, for the end and one that does not is TERM.EXT, EXT.TERM and their kind.`},
		{"Malformed chunk extensions", "rfc9112-7.1.1-* smuggling-chunk-ext-*",
			`RFC 9112 7.1.1: a recipient MUST ignore extensions that it does not recognise, which are names with a token or quoted string. What is not of that form
is no extension. Most servers skip to the line's end unread, and disagree about where that is; to refuse costs no client that exists.
(Where Granian closes the connection here and in the classes around, its application has seen the body cut short, as if it were whole.)`},
		{"Malformed trailers", "rfc9112-7.1.2-* smuggling-trailer-*",
			`RFC 9112 7.1.2: trailers are field lines, with the rules of these. A server that drops what it does not understand here may drop the next request: the
empty line is all that parts them.`},
	}
}
