package hostile

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"testing"
)

// Clients of HTTP/2 that let nothing of a response come keep no slot: a window of 0
// is the slowest reading, and one connection has it for many requests.
func TestSlowHTTP2Reading(t *testing.T) { besideSlowOnes(t, slowStreams) }

// slowStreams opens no window, and one connection in ten asks on four streams at once.
func slowStreams(n int) manner {
	return manner{behave: func(ctx context.Context, c net.Conn) {
		// SETTINGS_INITIAL_WINDOW_SIZE is 4 (RFC 9113 6.5.2).
		text := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "\x00\x04\x00\x00\x00\x00")
		for i := range uint32(4 * (1 - min(n%10, 1))) {
			text += frame(1, 5, 1+2*i, get([]string{"/in-one?kib=3072", "/blocks?kib=3072"}[i%2])) // END_STREAM, END_HEADERS
		}
		if says(ctx, c, text) {
			awaitsEnd(c)
		}
	}}
}

// frame is one of HTTP/2 (RFC 9113 4.1).
func frame(kind, flags byte, stream uint32, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	return string(binary.BigEndian.AppendUint32(append(head, flags), stream)) + payload
}

// get is a field section of literals without an index (RFC 7541 6.2.2).
func get(path string) string {
	var b strings.Builder
	fields := []string{":method", "GET", ":scheme", "http", ":authority", "test.example", ":path", path}
	for i, text := range fields {
		if i%2 == 0 {
			b.WriteByte(0)
		}
		b.WriteByte(byte(len(text)))
		b.WriteString(text)
	}
	return b.String()
}
