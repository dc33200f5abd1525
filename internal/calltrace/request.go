package calltrace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Request is the request to send, as the command line gives it.
type Request struct {
	Method  string
	Target  string // of the request line: "/path?query"
	Body    string
	HasBody bool     // a body was given, an empty one perhaps
	Fields  []string // "Name: value"; "Name:" takes away what would be sent by itself
	Host    string   // "host:port"

	fields []field
}

type field struct{ name, value string }

// Bytes returns what goes over the connection.
func (r *Request) Bytes() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", r.Method, r.Target)
	for _, f := range r.fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
	}
	b.WriteString("\r\n")
	if r.chunked() {
		if r.Body != "" {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(r.Body), r.Body)
		}
		b.WriteString("0\r\n\r\n")
	} else {
		b.WriteString(r.Body)
	}
	return []byte(b.String()), nil
}

func (r *Request) check() error {
	if r.Method == "" {
		r.Method = "GET"
		if r.HasBody {
			r.Method = "POST"
		}
	}
	if strings.ContainsAny(r.Method, " \t\r\n") {
		return fmt.Errorf("the method %q has spaces in it", r.Method)
	}
	r.Target = escape(r.Target)
	if r.Target == "" || !strings.HasPrefix(r.Target, "/") && r.Target != "*" {
		return fmt.Errorf("the path %q does not begin with a slash: did you mean %q?", r.Target, "/"+r.Target)
	}
	return r.setFields()
}

// setFields puts the given fields in the place of, or after, those that are
// sent by themselves.
func (r *Request) setFields() error {
	own := []field{{"Host", r.Host}, {"User-Agent", "highball-trace"}, {"Accept", "*/*"}}
	if r.HasBody {
		own = append(own, field{"Content-Type", "application/x-www-form-urlencoded"})
	}
	var given []field
	for _, text := range r.Fields {
		name, value, ok := strings.Cut(text, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t\r\n") || strings.ContainsAny(value, "\r\n") {
			return fmt.Errorf("%q is not a header field: write \"Name: value\"", text)
		}
		given = append(given, field{name, strings.TrimSpace(value)})
	}
	r.fields = nil
	for _, f := range own {
		if !has(given, f.name) {
			r.fields = append(r.fields, f)
		}
	}
	for _, f := range given {
		if f.value != "" {
			r.fields = append(r.fields, f)
		}
	}
	if r.chunked() && has(r.fields, "Content-Length") {
		return errors.New("Transfer-Encoding and Content-Length exclude each other")
	}
	if r.HasBody && !r.chunked() && !has(given, "Content-Length") {
		r.fields = append(r.fields, field{"Content-Length", strconv.Itoa(len(r.Body))})
	}
	return nil
}

func (r *Request) chunked() bool { return has(r.fields, "Transfer-Encoding") }

func has(fields []field, name string) bool {
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			return true
		}
	}
	return false
}

// escape percent-encodes what may not stand in a request line; what is encoded
// already stays so.
func escape(target string) string {
	var b strings.Builder
	for i := 0; i < len(target); i++ {
		if c := target[i]; c <= ' ' || c >= 0x7F {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
