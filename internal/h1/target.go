package h1

import (
	"net/http"
	"strings"
)

// Bytes from 0x80 on are accepted in a target, though RFC 3986 has none: clients
// send them, and PEP 3333 has the application see them as they are.

// checkTarget looks at the form of a target (RFC 9112 3.2). authority is the host of
// one in absolute form, which counts instead of the field's.
func checkTarget(method, target string) (authority string, refusal *Refusal) {
	switch {
	case method == http.MethodConnect:
		return "", &Refusal{http.StatusNotImplemented, "RFC 9110 9.3.6", "CONNECT: this is no proxy"}
	case target[0] == '/':
		return "", checkPath(target)
	case target == "*":
		if method != http.MethodOptions {
			return "", malformed("RFC 9112 3.2.4", "%s *: only OPTIONS may ask for the whole server", shown(method))
		}
		return "", nil
	}
	return checkAbsolute(target)
}

// checkAbsolute: RFC 9112 3.2.2.
func checkAbsolute(target string) (authority string, refusal *Refusal) {
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || !equalFold(scheme, "http") && !equalFold(scheme, "https") {
		return "", malformed("RFC 9112 3.2", "a target that is neither a path nor an http URI: %s", shown(target))
	}
	authority, path := cutAuthority(rest)
	if !validHost(authority) {
		return "", malformed("RFC 9110 4.2", "an http URI without a valid host: %s", shown(target))
	}
	return authority, checkPath(path)
}

// cutAuthority takes apart what follows the scheme of an http URI.
func cutAuthority(rest string) (authority, path string) {
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		return rest[:end], rest[end:]
	}
	return rest, ""
}

// checkPath looks at the escapes of a path; a query may be anything.
func checkPath(path string) *Refusal {
	path, _, _ = strings.Cut(path, "?")
	if !wellEscaped(path) {
		return malformed("RFC 3986 2.1", "a percent sign without two hexadecimal digits: %s", shown(path))
	}
	return nil
}
