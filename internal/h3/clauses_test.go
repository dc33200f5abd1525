package h3

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go/quicvarint"
)

// clauseCase is a clause of RFC 9114, 9204 or 9218, a client that breaks or uses it,
// and what the server has to do.
type clauseCase struct {
	clause, does string
	steps        []step
	want         string // see outcome
}

// step is a piece that a client sends on a stream.
type step struct {
	Stream int    `json:"stream"`
	Data   string `json:"data"`
	Fin    bool   `json:"fin"`
	Reset  *int   `json:"reset,omitempty"`
	Await  bool   `json:"await,omitempty"` // the end of the stream, before what follows
}

// The streams of a client: requests are 0, 4, 8; of one direction 2, 6, 10.
const (
	request, probe       = 0, 4
	first, second, third = 2, 6, 10
)

func send(stream int, parts ...[]byte) step {
	return step{Stream: stream, Data: fmt.Sprintf("%x", bytes.Join(parts, nil))}
}

func finish(stream int, parts ...[]byte) step {
	s := send(stream, parts...)
	s.Fin = true
	return s
}

func reset(stream, code int) step { return step{Stream: stream, Reset: &code} }

func number(n uint64) []byte { return quicvarint.Append(nil, n) }

func frame(kind uint64, payload ...[]byte) []byte {
	p := bytes.Join(payload, nil)
	return append(appendFrame(nil, kind, len(p)), p...)
}

// fields encodes "name: value" lines; the name may have a colon before it.
func fields(lines ...string) []byte {
	var b bytes.Buffer
	e := qpack.NewEncoder(&b)
	for _, line := range lines {
		i := strings.Index(line[1:], ":") + 1
		_ = e.WriteField(qpack.HeaderField{Name: line[:i], Value: strings.TrimPrefix(line[i+1:], " ")})
	}
	return b.Bytes()
}

func get(more ...string) []byte {
	return frame(frameHeaders, fields(append([]string{":method: GET", ":scheme: https", ":authority: h3.test", ":path: /"}, more...)...))
}

func post(more ...string) []byte {
	return frame(frameHeaders, fields(append([]string{":method: POST", ":scheme: https", ":authority: h3.test", ":path: /"}, more...)...))
}

func head4(lines ...string) []byte { return frame(frameHeaders, fields(lines...)) }

func data(text string) []byte { return frame(frameData, []byte(text)) }

// settings begins a control stream.
func settings(pairs ...uint64) []byte {
	var p []byte
	for _, n := range pairs {
		p = quicvarint.Append(p, n)
	}
	return append([]byte{streamControl}, frame(frameSettings, p)...)
}

// onControl is a case of a frame on the control stream, behind SETTINGS.
func onControl(frames ...[]byte) []step {
	return []step{send(first, settings(), bytes.Join(frames, nil))}
}

// onRequest is a case of a request that is sent to its end, on a connection in order.
func onRequest(parts ...[]byte) []step {
	return []step{send(first, settings()), finish(request, parts...)}
}

// withField is a GET with one field more.
func withField(lines ...string) []step { return onRequest(get(lines...)) }

func streamCases() []clauseCase {
	return []clauseCase{
		{"RFC 9114 6.1", "several requests on streams of their own", []step{send(first, settings()), finish(request, get())}, "status 200"},
		{"RFC 9114 6.2", "a stream of an unknown type", []step{send(first, settings()), send(second, number(0x21+0x1f*7), []byte("x"))}, "ignored"},
		{"RFC 9114 6.2", "a stream of one direction that ends before its type", []step{send(first, settings()), finish(second)}, "ignored"},
		{"RFC 9114 6.2.1", "a control stream that begins with MAX_PUSH_ID", []step{send(first, []byte{streamControl}, frame(frameMaxPushID, number(1)))}, "H3_MISSING_SETTINGS"},
		{"RFC 9114 6.2.1", "a control stream that begins with an unknown frame", []step{send(first, []byte{streamControl}, frame(0x21, []byte("x")))}, "H3_MISSING_SETTINGS"},
		{"RFC 9114 6.2.1", "a second control stream", []step{send(first, settings()), send(second, settings())}, "H3_STREAM_CREATION_ERROR"},
		{"RFC 9114 6.2.1", "a control stream that ends", []step{finish(first, settings())}, "H3_CLOSED_CRITICAL_STREAM"},
		{"RFC 9114 6.2.1", "a control stream that is reset", []step{send(first, settings()), finish(request, get()), {Stream: request, Await: true}, reset(first, 0x10c)}, "H3_CLOSED_CRITICAL_STREAM"},
		{"RFC 9114 6.2.2", "a push stream of a client", []step{send(first, settings()), send(second, []byte{streamPush, 0})}, "H3_STREAM_CREATION_ERROR"},
		{"RFC 9204 4.2", "a second encoder stream", []step{send(first, settings()), send(second, []byte{streamEncoder}), send(third, []byte{streamEncoder})}, "H3_STREAM_CREATION_ERROR"},
		{"RFC 9204 4.2", "a second decoder stream", []step{send(first, settings()), send(second, []byte{streamDecoder}), send(third, []byte{streamDecoder})}, "H3_STREAM_CREATION_ERROR"},
		{"RFC 9204 4.2", "an encoder stream that ends", []step{send(first, settings()), finish(second, []byte{streamEncoder})}, "H3_CLOSED_CRITICAL_STREAM"},
		{"RFC 9204 4.2", "a decoder stream that ends", []step{send(first, settings()), finish(second, []byte{streamDecoder})}, "H3_CLOSED_CRITICAL_STREAM"},
	}
}

func controlCases() []clauseCase {
	cases := []clauseCase{
		{"RFC 9114 7.1", "a SETTINGS frame that ends within a setting", []step{send(first, []byte{streamControl}, frame(frameSettings, []byte{0x41}))}, "H3_FRAME_ERROR"},
		{"RFC 9114 7.2.1", "DATA on the control stream", onControl(data("x")), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 7.2.2", "HEADERS on the control stream", onControl(get()), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 7.2.3", "CANCEL_PUSH of a push that was never promised", onControl(frame(frameCancelPush, number(0))), "H3_ID_ERROR"},
		{"RFC 9114 7.2.4", "a second SETTINGS", onControl(frame(frameSettings)), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 7.2.4", "a setting twice", []step{send(first, settings(0x6, 100, 0x6, 100))}, "H3_SETTINGS_ERROR"},
		{"RFC 9114 7.2.4.1", "settings that nobody knows", []step{send(first, settings(0x21, 1, 0x40+0x21, 2))}, "ignored"},
		{"RFC 9297 2.1.1", "SETTINGS_H3_DATAGRAM of 2", []step{send(first, settings(settingDatagram, 2))}, "H3_SETTINGS_ERROR"},
		{"RFC 9114 7.2.5", "PUSH_PROMISE on the control stream", onControl(frame(framePushPromise, number(0), fields(":method: GET"))), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 5.2", "GOAWAY whose id rises", onControl(frame(frameGoAway, number(1)), frame(frameGoAway, number(2))), "H3_ID_ERROR"},
		{"RFC 9114 5.2", "GOAWAY whose id falls", onControl(frame(frameGoAway, number(2)), frame(frameGoAway, number(1))), "ignored"},
		{"RFC 9114 7.1", "GOAWAY that is longer than its id", onControl(frame(frameGoAway, number(1), []byte{0})), "H3_FRAME_ERROR"},
		{"RFC 9114 7.2.7", "MAX_PUSH_ID that falls", onControl(frame(frameMaxPushID, number(8)), frame(frameMaxPushID, number(4))), "H3_ID_ERROR"},
		{"RFC 9114 7.2.7", "MAX_PUSH_ID that rises", onControl(frame(frameMaxPushID, number(4)), frame(frameMaxPushID, number(8))), "ignored"},
		{"RFC 9114 7.1", "MAX_PUSH_ID without an id", onControl(frame(frameMaxPushID)), "H3_FRAME_ERROR"},
		{"RFC 9114 9", "unknown frames on the control stream", onControl(frame(0x21, []byte("xyz")), frame(0x40, nil)), "ignored"},
		{"RFC 9218 7.2", "PRIORITY_UPDATE of a request", onControl(frame(framePriorityUpdate, number(0), []byte("u=1"))), "ignored"},
		{"RFC 9218 7.2", "PRIORITY_UPDATE of a stream that is no request", onControl(frame(framePriorityUpdate, number(2), []byte("u=1"))), "H3_ID_ERROR"},
		{"RFC 9218 7.2", "PRIORITY_UPDATE of a push", onControl(frame(framePushPriority, number(0), []byte("u=1"))), "H3_ID_ERROR"},
	}
	for _, id := range []uint64{0, 2, 3, 4, 5} {
		cases = append(cases, clauseCase{"RFC 9114 7.2.4.1", fmt.Sprintf("setting %#02x of HTTP/2", id), []step{send(first, settings(id, 1))}, "H3_SETTINGS_ERROR"})
	}
	for _, kind := range []uint64{0x2, 0x6, 0x8, 0x9} {
		cases = append(cases,
			clauseCase{"RFC 9114 7.2.8", fmt.Sprintf("frame %#02x of HTTP/2 on the control stream", kind), onControl(frame(kind, nil)), "H3_FRAME_UNEXPECTED"},
			clauseCase{"RFC 9114 7.2.8", fmt.Sprintf("frame %#02x of HTTP/2 on a request stream", kind), onRequest(get(), frame(kind, nil)), "H3_FRAME_UNEXPECTED"})
	}
	return cases
}

func requestCases() []clauseCase {
	cases := []clauseCase{
		{"RFC 9114 4.1", "DATA before HEADERS", onRequest(data("x"), get()), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 4.1", "DATA after the trailer section", onRequest(post(), data("x"), head4("x: y"), data("x")), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 4.1", "HEADERS after the trailer section", onRequest(post(), data("x"), head4("x: y"), head4("x: y")), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 4.1", "content and a trailer section", onRequest(post("trailer: x"), data("x"), head4("x: y")), "status 200"},
		{"RFC 9114 4.1", "a stream that ends without a request", onRequest(), "stream H3_REQUEST_INCOMPLETE"},
		{"RFC 9114 7.1", "a stream that ends within DATA", onRequest(post(), appendFrame(nil, frameData, 10), []byte("x")), "H3_FRAME_ERROR"},
		{"RFC 9114 7.1", "a stream that ends within HEADERS", onRequest(appendFrame(nil, frameHeaders, 100), []byte{0, 0}), "H3_FRAME_ERROR"},
		{"RFC 9114 9", "unknown frames before, between and after", onRequest(frame(0x21, []byte("a")), post(), frame(0x40, []byte("b")), data("x"), frame(0x5f, nil)), "status 200"},
		{"RFC 9114 4.1.2", "more content than Content-Length says", onRequest(post("content-length: 1"), data("xy")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.1.2", "less content than Content-Length says", onRequest(post("content-length: 3"), data("xy")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.1.2", "a GET whose Content-Length has no content", withField("content-length: 3"), "stream H3_MESSAGE_ERROR"},
		{"RFC 9110 8.6", "two lengths", onRequest(post("content-length: 1", "content-length: 2"), data("x")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.2", "a name with a capital letter", withField("X-Up: y"), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 10.3", "a name with a space", withField("x y: z"), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 10.3", "a value with a line feed", withField("x: y\nz"), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 10.3", "a value with NUL", withField("x: y\x00z"), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 10.3", "a value that ends with a space", withField("x: y "), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.2", "TE: gzip", withField("te: gzip"), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.2", "TE: trailers", withField("te: trailers"), "status 200"},
		{"RFC 9114 4.2.2", "fields beyond the limit", withField("x: " + strings.Repeat("y", 20<<10)), "status 431"},
		{"RFC 9114 4.2.2", "small fields beyond the limit, as 32 bytes more for each are counted", withField(strings.Split(strings.TrimSpace(strings.Repeat("a: b\n", 600)), "\n")...), "status 431"},
		{"RFC 9114 4.3", "a pseudo-header field after a field", onRequest(head4(":method: GET", ":scheme: https", ":authority: h3.test", "x: y", ":path: /")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3", "an unknown pseudo-header field", onRequest(get(":x: y")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3", ":status in a request", onRequest(head4(":method: GET", ":scheme: https", ":authority: h3.test", ":path: /", ":status: 200")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3", "a pseudo-header field in a trailer section", onRequest(post(), data("x"), head4(":path: /")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3.1", ":path twice", onRequest(head4(":method: GET", ":scheme: https", ":authority: h3.test", ":path: /", ":path: /")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3.1", "no :method", onRequest(head4(":scheme: https", ":authority: h3.test", ":path: /")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3.1", "no :scheme", onRequest(head4(":method: GET", ":authority: h3.test", ":path: /")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3.1", "no :path", onRequest(head4(":method: GET", ":scheme: https", ":authority: h3.test")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3.1", "an empty :path", onRequest(head4(":method: GET", ":scheme: https", ":authority: h3.test", ":path: ")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3.1", "a :path that is a whole URI", onRequest(head4(":method: GET", ":scheme: https", ":authority: h3.test", ":path: https://h3.test/")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3.1", "neither :authority nor Host", onRequest(head4(":method: GET", ":scheme: https", ":path: /")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3.1", "Host in the place of :authority", onRequest(head4(":method: GET", ":scheme: https", ":path: /", "host: h3.test")), "status 200"},
		{"RFC 9114 4.3.1", ":authority and another Host", withField("host: other.test"), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.3.1", ":authority with userinfo", onRequest(head4(":method: GET", ":scheme: https", ":authority: u@h3.test", ":path: /")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.4", "CONNECT with a :path", onRequest(head4(":method: CONNECT", ":scheme: https", ":authority: h3.test:443", ":path: /")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 4.4", "CONNECT", onRequest(head4(":method: CONNECT", ":authority: h3.test:443")), "status 501"},
		{"RFC 9220 3", "CONNECT with :protocol, which was not allowed", onRequest(head4(":method: CONNECT", ":protocol: websocket", ":scheme: https", ":authority: h3.test", ":path: /")), "stream H3_MESSAGE_ERROR"},
		{"RFC 9114 7.2.3", "CANCEL_PUSH on a request stream", onRequest(get(), frame(frameCancelPush, number(0))), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 7.2.3", "CANCEL_PUSH before a request", onRequest(frame(frameCancelPush, number(0)), get()), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 7.2.4", "SETTINGS on a request stream", onRequest(get(), frame(frameSettings)), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 7.2.5", "PUSH_PROMISE of a client", onRequest(get(), frame(framePushPromise, number(0), fields(":method: GET"))), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 7.2.6", "GOAWAY on a request stream", onRequest(get(), frame(frameGoAway, number(0))), "H3_FRAME_UNEXPECTED"},
		{"RFC 9114 7.2.7", "MAX_PUSH_ID on a request stream", onRequest(get(), frame(frameMaxPushID, number(0))), "H3_FRAME_UNEXPECTED"},
		{"RFC 9218 7.2", "PRIORITY_UPDATE on a request stream", onRequest(get(), frame(framePriorityUpdate, number(0))), "H3_FRAME_UNEXPECTED"},
	}
	for _, line := range []string{"connection: close", "keep-alive: 5", "proxy-connection: close", "transfer-encoding: chunked", "upgrade: h2c"} {
		name, _, _ := strings.Cut(line, ":")
		cases = append(cases, clauseCase{"RFC 9114 4.2", "the connection-specific field " + name, withField(line), "stream H3_MESSAGE_ERROR"})
	}
	return cases
}

func qpackCases() []clauseCase {
	onEncoder := func(b ...byte) []step {
		return []step{send(first, settings()), send(second, []byte{streamEncoder}, b)}
	}
	onDecoder := func(b ...byte) []step {
		return []step{send(first, settings()), send(second, []byte{streamDecoder}, b)}
	}
	section := func(b ...byte) []step { return onRequest(frame(frameHeaders, b)) }
	plain := fields(":method: GET", ":scheme: https", ":authority: h3.test", ":path: /")[2:]
	return []clauseCase{
		{"RFC 9204 4.3.1", "a capacity of 0", onEncoder(0x20), "ignored"},
		{"RFC 9204 4.3.1", "a capacity above what was allowed", onEncoder(0x3f, 0x01), "QPACK_ENCODER_STREAM_ERROR"},
		{"RFC 9204 3.2.2", "an insertion by literal name, with a capacity of 0", onEncoder(0x41, 'a', 0x01, 'b'), "QPACK_ENCODER_STREAM_ERROR"},
		{"RFC 9204 3.2.2", "an insertion by static name, with a capacity of 0", onEncoder(0xc0, 0x01, 'b'), "QPACK_ENCODER_STREAM_ERROR"},
		{"RFC 9204 4.3.4", "a duplicate of no entry", onEncoder(0x00), "QPACK_ENCODER_STREAM_ERROR"},
		{"RFC 9204 4.4.1", "a section acknowledged that refers to nothing", onDecoder(0x80), "QPACK_DECODER_STREAM_ERROR"},
		{"RFC 9204 4.4.2", "a stream cancelled", onDecoder(0x40), "ignored"},
		{"RFC 9204 4.4.3", "an Insert Count Increment of 0", onDecoder(0x00), "QPACK_DECODER_STREAM_ERROR"},
		{"RFC 9204 4.4.3", "an Insert Count Increment beyond what was inserted", onDecoder(0x01), "QPACK_DECODER_STREAM_ERROR"},
		{"RFC 9204 4.5.1.1", "a Required Insert Count without a dynamic table", section(append([]byte{0x02, 0x00}, plain...)...), "QPACK_DECOMPRESSION_FAILED"},
		{"RFC 9204 4.5.1.2", "a Base that is not 0, and nothing that refers to it", section(append([]byte{0x00, 0x05}, plain...)...), "status 200"},
		{"RFC 9204 4.5.1.2", "a Base below 0", section(append([]byte{0x00, 0x80}, plain...)...), "QPACK_DECOMPRESSION_FAILED"},
		{"RFC 9204 3.1", "a static index that there is not", section(append([]byte{0x00, 0x00, 0xff, 0x24}, plain...)...), "QPACK_DECOMPRESSION_FAILED"},
		{"RFC 9204 2.2.3", "an index of the dynamic table", section(append([]byte{0x00, 0x00, 0x80}, plain...)...), "QPACK_DECOMPRESSION_FAILED"},
		{"RFC 9204 2.2.3", "a name of the dynamic table", section(append([]byte{0x00, 0x00, 0x40, 0x00}, plain...)...), "QPACK_DECOMPRESSION_FAILED"},
		{"RFC 9204 4.5.3", "an index behind the Base", section(append([]byte{0x00, 0x00, 0x10}, plain...)...), "QPACK_DECOMPRESSION_FAILED"},
		{"RFC 9204 2.2", "a field section that ends within a field", section(append(append([]byte{0x00, 0x00}, plain...), 0x51, 0x0a, 'x')...), "QPACK_DECOMPRESSION_FAILED"},
		{"RFC 9204 2.2", "a field section without its prefix", section(0x00), "QPACK_DECOMPRESSION_FAILED"},
		{"RFC 7541 5.2", "a Huffman code with padding that is none", section(append(append([]byte{0x00, 0x00}, plain...), 0x51, 0x81, 0x00)...), "QPACK_DECOMPRESSION_FAILED"},
		{"RFC 9204 2.2.3", "a trailer section that cannot be decoded", onRequest(post(), data("x"), frame(frameHeaders, []byte{0, 0, 0xff, 0x24})), "QPACK_DECOMPRESSION_FAILED"},
	}
}
