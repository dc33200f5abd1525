package h1

import (
	"fmt"
	"net/http"
	"strconv"
)

// Refusal says why a request is not served. Its connection is closed after the
// answer: what follows on it may be a part of this request or another one.
type Refusal struct {
	Status int    // of the answer
	Clause string // what forbids it: "RFC 9112 6.3"
	Reason string
}

func (r *Refusal) Error() string { return r.Reason + " (" + r.Clause + ")" }

func malformed(clause, format string, args ...any) *Refusal {
	return &Refusal{http.StatusBadRequest, clause, fmt.Sprintf(format, args...)}
}

// shown quotes what a client sent, so that it is short and printable in a log.
func shown[T string | []byte](text T) string {
	const enough = 60
	if len(text) > enough {
		return strconv.QuoteToASCII(string(text[:enough])) + "..."
	}
	return strconv.QuoteToASCII(string(text))
}
