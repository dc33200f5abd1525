package harness

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Field is one header field as it was on the wire.
type Field struct{ Name, Value string }

// Response is what came over the wire, not interpreted more than needed.
type Response struct {
	Interim  []*Response // the 1xx responses before it
	Line     string      // the status line; in HTTP/2 and HTTP/3, which have none, "HTTP/2.0 200"
	Status   int
	Fields   []Field // in order, as spelled
	Body     string
	Trailers []Field
	Chunks   []string // the body's chunks, where it came so
	Complete bool     // the body ended as its framing says
}

// readHead reads a status line and fields. It is strict: CRLF, no folding.
func readHead(r *bufio.Reader) (*Response, error) {
	res := &Response{}
	var err error
	if res.Line, err = readLine(r); err != nil {
		return nil, err
	}
	parts := strings.SplitN(res.Line, " ", 3)
	if len(parts) < 2 || !strings.HasPrefix(parts[0], "HTTP/1.") {
		return nil, fmt.Errorf("%q is no status line", res.Line)
	}
	if res.Status, err = strconv.Atoi(parts[1]); err != nil {
		return nil, fmt.Errorf("%q is no status line", res.Line)
	}
	for {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		if line == "" {
			return res, nil
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%q is no field", line)
		}
		res.Fields = append(res.Fields, Field{name, strings.TrimSpace(value)})
	}
}

func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("after %q: %w", line, err)
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		return "", fmt.Errorf("%q ends without CRLF", line)
	}
	return text, nil
}

func readResponse(r *bufio.Reader, method string) (*Response, error) {
	var interim []*Response
	res, err := readHead(r)
	for err == nil && res.Status < 200 {
		interim = append(interim, res)
		res, err = readHead(r)
	}
	if err != nil {
		return nil, err
	}
	res.Interim = interim
	res.readBody(r, method)
	return res, nil
}

// readBody: RFC 9112 6.3.
func (res *Response) readBody(r *bufio.Reader, method string) {
	switch {
	case hasNoBody(method, res.Status):
		res.Complete = true
	case strings.EqualFold(res.Get("Transfer-Encoding"), "chunked"):
		res.readChunks(r)
	case res.Has("Content-Length"):
		n, err := strconv.Atoi(res.Get("Content-Length"))
		body := make([]byte, max(n, 0))
		read, readErr := io.ReadFull(r, body)
		res.Body, res.Complete = string(body[:read]), err == nil && readErr == nil
	default:
		body, err := io.ReadAll(r)
		res.Body, res.Complete = string(body), err == nil
	}
}

func (res *Response) readChunks(r *bufio.Reader) {
	defer func() { res.Body = strings.Join(res.Chunks, "") }()
	for {
		chunk, err := ReadChunk(r)
		if err != nil {
			return
		}
		if chunk == "" {
			res.Complete = true
			return
		}
		res.Chunks = append(res.Chunks, chunk)
	}
}

// ReadChunk reads one chunk; the last one, with the line behind it, is empty.
func ReadChunk(r *bufio.Reader) (string, error) {
	line, err := readLine(r)
	if err != nil {
		return "", err
	}
	size, err := strconv.ParseUint(line, 16, 31)
	if err != nil {
		return "", err
	}
	chunk := make([]byte, size+2)
	if _, err := io.ReadFull(r, chunk); err != nil {
		return "", err
	}
	if string(chunk[size:]) != "\r\n" {
		return "", fmt.Errorf("a chunk ends with %q", chunk[size:])
	}
	return string(chunk[:size]), nil
}

// Head reads a response's head alone; the body is left to be read as it comes.
func (c *Conn) Head() *Response {
	c.t.Helper()
	res, err := readHead(c.r)
	if err != nil {
		c.t.Fatalf("reading a head: %v", err)
	}
	return res
}

// Chunk is ReadChunk for tests.
func (c *Conn) Chunk() string {
	c.t.Helper()
	chunk, err := ReadChunk(c.r)
	if err != nil {
		c.t.Fatalf("reading a chunk: %v", err)
	}
	return chunk
}
