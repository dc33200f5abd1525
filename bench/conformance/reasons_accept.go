package main

// acceptClasses say why Highball accepts, and as it does, what others refuse or
// pass on otherwise.
func acceptClasses() []class {
	return []class{
		{"Long heads and many fields", "limit-fields-128 limit-head-* limit-request-line-* rfc9112-3-line-of-8000 rfc9110-9.1-long",
			`RFC 9112 3 recommends request lines of at least 8000 bytes; beyond that limits are each server's own, and none of these is wrong but
the first. Highball's are 16 KiB for the request line, 64 KiB for the head and 128 fields, so that a head with large cookies or tokens does not
depend on which server is in front.`},
		{"Many trailers", "limit-trailers-*",
			`A limit of each server's own (RFC 9112 7.1.2 has none). Highball counts trailers as it counts fields.`},
		{"Bytes above 0x7F in the target", "pep3333-29-*",
			`RFC 3986 has no place for them, and RFC 9112 3 lets a server answer 400: who refuses them is right. Browsers' users and old clients send
them, and PEP 3333 has a place for them in environ, so that Highball passes them on as they are: a documented deviation.`},
		{"Printable bytes that no URI has", "rfc9112-3.2-*-not-pchar",
			"RFC 3986 has no place for ``\"<>\\^`{|}``, and RFC 9112 3 says that a server SHOULD refuse an invalid request line: who does is right. Clients send " +
				"`|` and `[` in queries every day; none of these bytes frames anything, and the application gets them as they were sent."},
		{"An encoded NUL or slash in the path", "rfc3986-2.1-percent-*",
			`They are well-formed (RFC 3986 2.1). Servers that map paths to files have a reason to refuse them (nginx the NUL, Apache both, by
AllowEncodedSlashes); Highball does not map paths, and what an encoded byte means is the application's to say.`},
		{"Hosts that are rare", "rfc3986-3.2.2-host-* rfc3986-3.2.3-host-* rfc3986-3.2.2-absolute-ipvfuture rfc3986-3.2.2-absolute-percent-letter",
			`All of them are of RFC 3986's grammar: digits alone, sub-delims, a tilde, percent-encoding, IPvFuture, an empty port, port 0. RFC 9112 3.2 has
only invalid values refused.`},
		{"Host empty", "rfc9112-3.2-host-empty* rfc9112-3.2-host-only-whitespace rfc9112-3.2.2-host-empty-beside-absolute",
			`RFC 9112 3.2: a client whose target has no authority MUST send an empty Host, and reg-name may be empty (RFC 3986 3.2.2). Highball takes it for no
host: there is no HTTP_HOST in environ. Who wants a host from each client may refuse it.`},
		{"Chunk sizes with zeros before them", "rfc9112-7.1-size-17-digits rfc9112-7.1-last-chunk-17-zeros",
			`RFC 9112 7.1: 1*HEXDIG, and 1*("0") for the last. A limit on digits that say nothing is a server's own.`},
		{"Absolute-form: whose host", "rfc3986-3.2.2-absolute-* rfc3986-3.2.3-absolute-* rfc9112-3.2.2-absolute-host-case rfc9112-3.2.2-absolute-http-1.0 " +
			"rfc9112-3.2.2-absolute-port rfc9112-3.2.2-absolute-replaces-* smuggling-host-absolute-differs",
			`RFC 9112 3.2.2: an origin server MUST ignore the received Host field and use the host of the target. Where two servers of a chain choose
otherwise, one of them caches or permits for a host that the other does not serve. (nginx passes on what $http_host says, which is the field; $host
would be the target's, in lower case and without its port.)`},
		{"Absolute-form: an empty path", "rfc9110-4.2.3-absolute-* rfc9112-3.2.2-absolute-at-in-query",
			`RFC 9110 4.2.3: an empty path is normalised to "/". An empty PATH_INFO would be another resource to most frameworks.`},
		{"OPTIONS *", "rfc9112-3.2.4-*",
			`RFC 9112 3.2.4 has asterisk-form for OPTIONS about the server as a whole, and absolute-form without a path means the same. Who answers
it is each server's choice: Highball answers 200 itself, since the application's resources are not meant; its engine alone hands it to its handler.`},
		{"Methods", "rfc9110-5.6.2-method-all-tchar rfc9110-9.1-*",
			`RFC 9110 9.1: a method is any token, case-sensitive, of any length; one that the server does not know SHOULD be answered 501, one that
it does not allow 405. Which methods there are is the application's to say.`},
		{"TRACE", "rfc9110-9.3.8-trace rfc9112-6-body-of-trace",
			`Servers may answer TRACE themselves or not allow it (RFC 9110 9.3.8); Highball leaves it to the application, as other methods. A body
of TRACE is against the client's rules only: it is read, so that it is not taken for the next request.`},
		{"Names of fields with rare bytes", "rfc9110-5.6.2-name-* smuggling-te.te-name-* rfc9110-5.1-*",
			"RFC 9110 5.6.2: a name is any token. nginx and Apache drop fields whose names have other bytes than letters, digits and hyphens, and " +
				"are free to by their configuration (RFC 9110 5.1, RFC 3875 4.1.18). Highball drops names with an underscore, which would shadow others in environ, and no other."},
		{"Bytes above 0x7F in values", "rfc9110-5.5-*",
			`RFC 9110 5.5: obs-text is opaque data. In environ each byte is one character of latin-1 (PEP 3333), and no byte is lost.`},
		{"Several Cookie fields", "rfc9110-5.3-cookies",
			`Joined by a semicolon, as RFC 6265 parts cookies and RFC 9113 8.2.3 says; a comma would become part of a value. (RFC 6265 5.4 has
clients send one field; joining by a comma is the rule for fields that are lists.)`},
		{"Connection: close in a list", "rfc9110-5.3-close-* rfc9110-5.6.1-close-* rfc9110-7.6.1-* rfc9112-9.3-* rfc9112-9.6-* smuggling-hop-close-*",
			`RFC 9110 7.6.1: Connection is a list, and close in it ends the connection whatever else is there (RFC 9112 9.3 has it checked first).
RFC 9112 9.6: after such a request a server MUST NOT process further requests of the connection.`},
		{"Another HTTP/1.x", "rfc9110-2.5-*",
			`RFC 9110 2.5: a server SHOULD serve a higher minor version as the highest that it knows, since minor versions do not change how a message is read.`},
		{"Expectations in HTTP/1.0", "rfc9110-10.1.1-*",
			`RFC 9110 10.1.1: a server that receives 100-continue in HTTP/1.0 MUST ignore it. Highball's engine ignores all expectations there, since
HTTP/1.0 has no Expect; answering 417 is permitted.`},
		{"Empty lines before a request", "rfc9112-2.2-*",
			`RFC 9112 2.2: a server SHOULD ignore at least one empty line before the request line; how many is its choice. Highball passes over eight,
and refuses the ninth.`},
		{"Paths that are tidied up", "rfc9112-3.2.1-* rfc9112-3.2.2-absolute-empty-segments",
			`Highball gives the path to the application as it was sent, decoded once. Apache merges slashes and resolves dot segments, which it needs
for files; RFC 3986 6.2.2.3 permits the second, nothing the first. What one server of a chain tidies up another has checked untidied.`},
		{"Whitespace around values", "rfc9110-8.6-whitespace rfc9112-3.2-host-whitespace rfc9112-5.1-*",
			`RFC 9112 5.1: a value may have spaces and tabs around it, which are not part of it. nginx takes the tab for a byte of the value.`},
		{"Whitespace before a chunk extension", "rfc9112-7.1.1-*",
			`RFC 9112 7.1.1: whitespace around the semicolon is bad, and recipients MUST parse it. It cannot be taken for anything else.`},
		{"Trailers that would change the request", "smuggling-trailer-*",
			`RFC 9112 7.1.2: a recipient MUST NOT merge a trailer into the header unless the field's definition permits it; to discard it is
enough. To refuse the body is the stricter choice, and permitted.`},
	}
}
