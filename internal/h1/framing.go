package h1

import (
	"net/http"
	"strconv"
	"strings"
)

// Framing says how a request's body is delimited (RFC 9112 6).
type Framing uint8

// The framings of a request.
const (
	NoBody Framing = iota
	ByLength
	ByChunks
)

// framing decides from the fields; what two servers could decide differently is refused.
func framing(fields []Field, minor int) (kind Framing, length int64, refusal *Refusal) {
	var lengths, codings []string
	for _, f := range fields {
		switch len(f.Name) {
		case len("content-length"):
			if equalFold(f.Name, "content-length") {
				lengths = append(lengths, f.Value)
			}
		case len("transfer-encoding"):
			if equalFold(f.Name, "transfer-encoding") {
				codings = append(codings, f.Value)
			}
		}
	}
	switch {
	case len(codings) > 0 && len(lengths) > 0:
		return 0, 0, malformed("RFC 9112 6.3", "both Content-Length and Transfer-Encoding")
	case len(codings) > 0 && minor == 0:
		return 0, 0, malformed("RFC 9112 6.1", "Transfer-Encoding in HTTP/1.0")
	case len(codings) > 0:
		return ByChunks, -1, checkCodings(codings)
	case len(lengths) > 1:
		return 0, 0, malformed("RFC 9112 6.3", "more than one Content-Length")
	case len(lengths) == 1:
		length, refusal = parseLength(lengths[0])
		return ByLength, length, refusal
	}
	return NoBody, 0, nil
}

// checkCodings allows chunked alone. With a coding that this server does not know it
// could not find the body's end, nor, where chunked is not the last, could anybody.
func checkCodings(codings []string) *Refusal {
	if len(codings) == 1 && equalFold(codings[0], "chunked") {
		return nil
	}
	all := strings.Join(codings, ", ")
	if !strings.Contains(strings.ToLower(all), "chunked") && areCodings(all) {
		return &Refusal{http.StatusNotImplemented, "RFC 9112 6.1", "a transfer coding other than chunked: " + shown(all)}
	}
	return malformed("RFC 9112 6.1", "Transfer-Encoding is not chunked alone: %s", shown(all))
}

// areCodings says whether text is a list of transfer codings, each a token and perhaps
// parameters, which are written as chunk extensions are (RFC 9112 7).
func areCodings(text string) bool {
	for coding := range strings.SplitSeq(text, ",") {
		name, parameters := cutToken([]byte(trimOWS(coding)))
		if len(name) == 0 || !validExtensions(parameters) {
			return false
		}
	}
	return true
}

// parseLength: digits and nothing else (RFC 9110 8.6).
func parseLength(text string) (int64, *Refusal) {
	if text == "" || !all(text, digitByte) {
		return 0, malformed("RFC 9110 8.6", "Content-Length: %s is no number", shown(text))
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, malformed("RFC 9110 8.6", "Content-Length: %s is too large", shown(text))
	}
	return n, nil
}
