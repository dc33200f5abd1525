package h1

import (
	"bytes"
	"errors"
	"net/http"
)

// requestLine is "method SP request-target SP HTTP-version" (RFC 9112 3), taken
// apart and not looked into.
type requestLine struct {
	method, target []byte
	minor          int // of the version; above 1 it is served as 1 (RFC 9110 2.5)
}

// parseRequestLine takes a line without its CRLF.
func parseRequestLine(line []byte) (r requestLine, refusal *Refusal) {
	method, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok || !isToken(method) {
		return r, malformed("RFC 9112 3.1", "the request line begins with no method: %s", shown(line))
	}
	target, version, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return r, malformed("RFC 9112 3", "the request line has no version: %s", shown(line))
	}
	if len(target) == 0 {
		return r, malformed("RFC 9112 3", "two spaces after the method")
	}
	if string(line) == "PRI * HTTP/2.0" {
		return r, &Refusal{http.StatusHTTPVersionNotSupported, "RFC 9110 2.5", prefaceReason}
	}
	minor, refusal := parseVersion(version)
	if refusal != nil {
		return r, refusal
	}
	if !all(target, targetByte) {
		return r, malformed("RFC 9112 3.2", "a byte that no target may have: %s", shown(target))
	}
	return requestLine{method, target, minor}, nil
}

// prefaceLine begins every connection of HTTP/2 (RFC 9113 3.4), so that servers that
// do not speak it refuse it.
const prefaceLine = "PRI * HTTP/2.0\r\n"

const prefaceReason = "HTTP/2, where HTTP/1 is expected"

func isPreface(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Reason == prefaceReason
}

// parseVersion: "HTTP" in capitals, a digit, a dot, a digit (RFC 9112 2.3).
func parseVersion(version []byte) (minor int, refusal *Refusal) {
	digits, ok := bytes.CutPrefix(version, []byte("HTTP/"))
	if !ok || len(digits) != len("1.1") || digits[1] != '.' || !all(digits[:1], digitByte) || !all(digits[2:], digitByte) {
		return 0, malformed("RFC 9112 2.3", "%s is no version", shown(version))
	}
	if digits[0] != '1' {
		return 0, &Refusal{http.StatusHTTPVersionNotSupported, "RFC 9110 2.5", "a version other than 1: " + shown(version)}
	}
	return int(digits[2] - '0'), nil
}
