package h1

import "bytes"

// Field is a line of a head or a trailer section, the name as it was sent, the
// value without the whitespace around it.
type Field = struct{ Name, Value string }

// checkField finds the colon of a field line (RFC 9112 5) that has no CRLF any more.
func checkField(line []byte) (colon int, refusal *Refusal) {
	if line[0] == ' ' || line[0] == '\t' {
		return 0, malformed("RFC 9112 5.2", "a line that begins with whitespace: %s", shown(line))
	}
	colon = bytes.IndexByte(line, ':')
	if colon < 0 {
		return 0, malformed("RFC 9112 5", "a line without a colon: %s", shown(line))
	}
	if !isToken(line[:colon]) {
		return 0, malformed("RFC 9112 5.1", "%s is no field name", shown(line[:colon]))
	}
	if !all(line[colon+1:], valueByte) {
		return 0, malformed("RFC 9110 5.5", "a control character in the value of %s", shown(line[:colon]))
	}
	return colon, nil
}
