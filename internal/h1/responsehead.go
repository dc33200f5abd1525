package h1

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
)

// writeHead decides how the body is delimited and whether the connection goes on,
// and writes the head: the fields given, then those of Header.
func (w *response) writeHead(reason string, fields []Field, dated bool) {
	w.headed = true
	ends := w.body.answered()
	w.close = w.close || ends || w.conn.server.draining.Load() || w.asksToClose()
	w.chunked = !w.bodiless && w.length < 0 && w.head.Minor > 0
	if !w.bodiless && w.length < 0 && !w.chunked {
		w.close = true // which is the end of the body
	}
	if len(w.sealed) > 0 {
		for _, name := range [...]string{"Connection", "Transfer-Encoding", "Keep-Alive"} {
			delete(w.sealed, name) // the server's own
		}
		if w.status == http.StatusNoContent {
			delete(w.sealed, "Content-Length") // RFC 9110 8.6
		}
		_, set := w.sealed["Date"]
		dated = dated || set
	}
	b := appendStatus(w.conn.out.room(), w.status, reason)
	for _, f := range fields {
		b = appendField(b, f.Name, f.Value)
	}
	b = appendHeader(b, w.sealed)
	if !dated {
		b = appendField(b, "Date", w.conn.server.dates.now())
	}
	if w.chunked {
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	switch {
	case w.close:
		b = append(b, "Connection: close\r\n"...)
	case w.head.Minor == 0:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	w.conn.out.buf = append(b, "\r\n"...)
}

// addType names the body's type where a handler has not, as net/http does; one that
// gives its fields in order has said all that it wants.
func (w *response) addType() {
	if _, set := w.sealed["Content-Type"]; !set && len(w.held) > 0 && !w.bodiless {
		w.sealed["Content-Type"] = []string{http.DetectContentType(w.held)}
	}
}

// asksToClose says whether the handler wants the connection closed.
func (w *response) asksToClose() bool {
	for _, value := range w.sealed["Connection"] {
		for option := range strings.SplitSeq(value, ",") {
			if equalFold(trimOWS(option), "close") {
				return true
			}
		}
	}
	return false
}

func appendStatus(b []byte, status int, reason string) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	if reason == "" {
		reason = http.StatusText(status)
	}
	b = append(b, reason...)
	return append(b, "\r\n"...)
}

// appendHeader writes a Header in the order of its names.
func appendHeader(b []byte, header http.Header) []byte {
	if len(header) == 0 {
		return b
	}
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, value := range header[name] {
			b = appendField(b, name, value)
		}
	}
	return b
}

// appendField leaves out what is no name, and puts spaces for what no value may
// have: nothing that a handler says makes a second field of one.
func appendField(b []byte, name, value string) []byte {
	if !isToken(name) {
		return b
	}
	b = append(append(b, name...), ": "...)
	for i := 0; i < len(value); i++ {
		c := value[i]
		if classes[c]&valueByte == 0 {
			c = ' '
		}
		b = append(b, c)
	}
	return append(b, "\r\n"...)
}
