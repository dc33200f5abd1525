package main

import (
	"bytes"
	"net/url"
	"strings"

	"highball/internal/h1/h1test"
)

// message is a request in the terms of CGI, which all servers here can be held
// to: what an application saw, or what it should have seen.
type message struct {
	method, path, query string
	host                string
	fields              map[string]string // by their names in environ
	body                string
	whole               bool // the body was read to its end
}

// notCompared are fields that belong to the connection or to the framing, which a
// server may keep to itself; how the body was framed shows in the body.
var notCompared = []string{
	"HTTP_CONNECTION", "HTTP_KEEP_ALIVE", "HTTP_PROXY_CONNECTION", "HTTP_TE", "HTTP_UPGRADE", "HTTP_EXPECT", "HTTP_HTTP2_SETTINGS",
	"HTTP_TRANSFER_ENCODING", "HTTP_TRAILER", "HTTP_CONTENT_LENGTH", "CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_HOST",
}

// setTarget splits a raw target as CGI does: the path decoded, the query as sent.
func (m *message) setTarget(target string) {
	rest := target
	if scheme, after, found := strings.Cut(target, "://"); found && !strings.ContainsAny(scheme, "/?") {
		end := strings.IndexAny(after, "/?")
		if end < 0 {
			end = len(after)
		}
		if rest = after[end:]; rest == "" && m.method == "OPTIONS" {
			rest = "*" // RFC 9112 3.2.4
		} else if !strings.HasPrefix(rest, "/") {
			rest = "/" + rest // RFC 9110 4.2.3
		}
	}
	path, query, _ := strings.Cut(rest, "?")
	m.path, m.query = path, query
	if decoded, err := url.PathUnescape(path); err == nil {
		m.path = decoded
	}
}

// setFields turns fields into those of environ (RFC 3875 4.1.18).
func (m *message) setFields(fields []h1test.Field) {
	m.fields = map[string]string{}
	for _, f := range fields {
		key := "HTTP_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if key == "HTTP_HOST" && strings.EqualFold(f.Name, "host") {
			m.host = f.Value
			continue
		}
		m.addField(key, f.Value)
	}
	m.tidy()
}

func (m *message) addField(key, value string) {
	separator := ","
	if key == "HTTP_COOKIE" {
		separator = "; " // RFC 9113 8.2.3
	}
	if have, ok := m.fields[key]; ok {
		value = have + separator + value
	}
	m.fields[key] = value
}

// tidy takes away what is not compared: some fields, and whitespace around commas.
func (m *message) tidy() {
	if value, ok := m.fields["HTTP_CONTENT_TYPE"]; ok {
		m.fields["CONTENT_TYPE"] = value
	}
	for _, name := range notCompared {
		delete(m.fields, name)
	}
	for name, value := range m.fields {
		if value == "" && name == "CONTENT_TYPE" {
			delete(m.fields, name) // empty is as good as missing (PEP 3333)
			continue
		}
		parts := strings.Split(value, ",")
		for i, part := range parts {
			parts[i] = strings.Trim(part, " \t")
		}
		m.fields[name] = strings.Join(parts, ",")
	}
}

// wanted is what the application should see of an accepted case. Fields that would
// shadow others in environ a server may leave out: those are in neither list.
func wanted(c h1test.Accepted) (all, unambiguous message) {
	m := message{method: c.Method, host: c.Host, body: string(c.Body), whole: true}
	m.setTarget(c.Target)
	all, unambiguous = m, m
	var clear []h1test.Field
	for _, f := range c.Fields {
		if !strings.Contains(f.Name, "_") && !strings.EqualFold(f.Name, "proxy") {
			clear = append(clear, f)
		}
	}
	all.setFields(c.Fields)
	unambiguous.setFields(clear)
	all.host, unambiguous.host = c.Host, c.Host
	return all, unambiguous
}

// parseForwarded reads a request as a proxy has sent it: it is taken for well-formed,
// with a length if it has a body. It gives false as long as it is not complete.
func parseForwarded(data []byte) (m message, client string, complete bool) {
	head, body, found := bytes.Cut(data, []byte("\r\n\r\n"))
	if !found {
		return m, "", false
	}
	lines := strings.Split(string(head), "\r\n")
	m.method, lines[0], _ = strings.Cut(lines[0], " ")
	if end := strings.LastIndexByte(lines[0], ' '); end >= 0 {
		lines[0] = lines[0][:end] // the version
	}
	m.setTarget(lines[0])
	var fields []h1test.Field
	length := 0
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		switch {
		case name == clientField:
			client = value
		case strings.EqualFold(name, "content-length"):
			length = number(value)
		default:
			fields = append(fields, h1test.Field{Name: name, Value: value})
		}
	}
	m.setFields(fields)
	m.body, m.whole = string(body), true
	return m, client, len(body) >= length
}

func number(digits string) (n int) {
	for _, d := range []byte(digits) {
		n = n*10 + int(d-'0')
	}
	return n
}
