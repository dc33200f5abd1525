package h2

import (
	"net/http"
	"strconv"

	"highball/internal/h1"
)

// Fields of responses are written as literals without an index, with names of the
// static table (RFC 7541 6.2.2, appendix A). So they need no state that all streams of
// a connection would have to take turns for, and no table of the client's.

// emptyTable says so: a dynamic table of size 0 (RFC 7541 6.3). A client that has
// made its table smaller waits for that.
const emptyTable = 0x20

// staticNames are the names that a response may have.
var staticNames = map[string]uint8{
	"accept-ranges": 18, "access-control-allow-origin": 20, "age": 21, "allow": 22, "cache-control": 24,
	"content-disposition": 25, "content-encoding": 26, "content-language": 27, "content-length": 28,
	"content-location": 29, "content-range": 30, "content-type": 31, "date": 33, "etag": 34, "expires": 36,
	"last-modified": 44, "link": 45, "location": 46, "proxy-authenticate": 48, "refresh": 52, "retry-after": 53,
	"server": 54, "set-cookie": 55, "strict-transport-security": 56, "vary": 59, "via": 60, "www-authenticate": 61,
}

// staticStatuses are the statuses that the static table has whole.
var staticStatuses = map[int]uint8{200: 8, 204: 9, 206: 10, 304: 11, 400: 12, 404: 13, 500: 14}

func appendStatus(b []byte, status int) []byte {
	if i, ok := staticStatuses[status]; ok {
		return append(b, 0x80|i)
	}
	return strconv.AppendInt(append(b, 8, 3), int64(status), 10) // :status, three digits
}

// appendField leaves out what is no name, and what belongs to a connection (RFC 9113
// 8.2.2), and makes a value fit.
func appendField(b []byte, name, value string) []byte {
	var lower [64]byte
	text := append(lower[:0], name...)
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			text[i] = c + ('a' - 'A')
		}
	}
	if i, ok := staticNames[string(text)]; ok {
		b = appendInt(b, 0, 4, int(i))
	} else if !h1.IsToken(name) || h1.IsOfConnection(string(text)) {
		return b
	} else {
		b = appendInt(append(b, 0), 0, 7, len(text))
		b = append(b, text...)
	}
	value = h1.MakeValue(value)
	return append(appendInt(b, 0, 7, len(value)), value...)
}

// appendInt: RFC 7541 5.1.
func appendInt(b []byte, pattern byte, bits uint, n int) []byte {
	most := 1<<bits - 1
	if n < most {
		return append(b, pattern|byte(n))
	}
	b = append(b, pattern|byte(most))
	for n -= most; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// appendHeader writes the fields of a Header.
func appendHeader(b []byte, header http.Header) []byte {
	for name, values := range header {
		for _, value := range values {
			b = appendField(b, name, value)
		}
	}
	return b
}
