package h1

import (
	"net/http"
	"net/url"
)

// What HTTP/2 and HTTP/3 hold requests and responses to as HTTP/1 does: one rule, one place.

// CheckTarget looks at the form of a target (RFC 9112 3.2). authority is the host of
// one in absolute form.
func CheckTarget(method, target string) (authority string, refusal *Refusal) {
	return checkTarget(method, target)
}

// ParseLength reads a Content-Length (RFC 9110 8.6).
func ParseLength(text string) (int64, *Refusal) { return parseLength(text) }

// ParseURL is url.ParseRequestURI of a target that was checked.
func ParseURL(u *url.URL, target string) error { return parseURL(u, target) }

// IsToken says whether text is a token (RFC 9110 5.6.2).
func IsToken(text string) bool { return isToken(text) }

// EqualFold compares ASCII letters without regard to case; want is in lower case.
func EqualFold(text, want string) bool { return equalFold(text, want) }

// Announced are the names of Trailer that may come behind a body.
func Announced(header http.Header) http.Header { return announced(header) }

// BodyAllowed says whether a response of this status may have a body (RFC 9110 6.4.1).
func BodyAllowed(status int) bool { return bodyAllowed(status) }

// Shown quotes what a client sent, so that it is short and printable in a log.
func Shown(text string) string { return shown(text) }

// WithDefaults has what was not given.
func (l Limits) WithDefaults() Limits { return l.withDefaults() }

// Dates writes the Date field, whose text it keeps for a second.
type Dates struct{ dates }

// Now is the text of this second.
func (d *Dates) Now() string { return d.now() }

// IsPath says whether a later version may have text for :path (RFC 9113 8.3.1, RFC 9114
// 4.3.1); CheckTarget says whether it is one that is served.
func IsPath(text string) bool {
	return text != "" && (text[0] == '/' || text == "*") && all(text, targetByte)
}

// ValidValue says whether text may be a field's value: no control characters, and no
// whitespace around it (RFC 9110 5.5).
func ValidValue(text string) bool { return all(text, valueByte) && trimOWS(text) == text }

// MakeValue is text, or what of it may be a field's value.
func MakeValue(text string) string {
	if ValidValue(text) {
		return text
	}
	b := []byte(text)
	for i, c := range b {
		if classes[c]&valueByte == 0 {
			b[i] = ' '
		}
	}
	return string(trimOWS(b))
}

// IsOfConnection says whether a field is one that belongs to a connection of HTTP/1, and
// that later versions may not have (RFC 9113 8.2.2, RFC 9114 4.2). name is in lower case.
func IsOfConnection(name string) bool {
	switch name {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
		return true
	}
	return false
}
