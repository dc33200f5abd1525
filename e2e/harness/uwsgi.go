package harness

import (
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What nginx would say of its client and of itself.
const (
	uwsgiClient     = "192.0.2.7"
	uwsgiClientPort = "4711"
	uwsgiPort       = "8443"
)

// uwsgiLine stands for the connections of a router, as many as there are exchanges:
// nginx makes one for each.
type uwsgiLine struct {
	address string
	conns   []net.Conn
}

func (l *uwsgiLine) local() string { return uwsgiClient + ":" + uwsgiClientPort }

func (l *uwsgiLine) close() {
	for _, c := range l.conns {
		_ = c.Close()
	}
}

// start sends the packet and the body; the answer is text, as of HTTP/1, and ends
// where its length says or with the connection.
func (l *uwsgiLine) start(e Exchange) (stream, error) {
	c, err := net.DialTimeout("tcp", l.address, Patience)
	if err != nil {
		return nil, err
	}
	l.conns = append(l.conns, c)
	if e.hasBody() && e.Length < 0 {
		e = e.With(strings.Join(e.Pieces, "")) // nginx waits for it
	}
	s := &textStream{line: newTextLine(c), method: e.Method}
	if _, err := io.WriteString(c, packet(variables(e))); err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(Patience))
	deliver(e, s)
	return s, nil
}

// packet is a uwsgi packet with modifier1 0: https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html
func packet(pairs []Field) string {
	var body []byte
	add := func(text string) {
		body = append(body, byte(len(text)), byte(len(text)>>8))
		body = append(body, text...)
	}
	for _, pair := range pairs {
		add(pair.Name)
		add(pair.Value)
	}
	return string([]byte{0, byte(len(body)), byte(len(body) >> 8), 0}) + string(body)
}

// variables are those of Debian's uwsgi_params, in its order, and the fields.
func variables(e Exchange) []Field {
	path, query, _ := strings.Cut(e.path(), "?")
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	fields, special := httpVariables(e)
	length := ""
	if e.hasBody() {
		length = strconv.Itoa(e.Length)
	}
	return append([]Field{
		{"QUERY_STRING", query}, {"REQUEST_METHOD", e.Method},
		{"CONTENT_TYPE", special["CONTENT_TYPE"]}, {"CONTENT_LENGTH", length},
		{"REQUEST_URI", e.Target}, {"PATH_INFO", path}, {"DOCUMENT_ROOT", "/usr/share/nginx/html"},
		{"SERVER_PROTOCOL", "HTTP/1.1"}, {"REQUEST_SCHEME", "https"}, {"HTTPS", "on"},
		{"REMOTE_ADDR", uwsgiClient}, {"REMOTE_PORT", uwsgiClientPort},
		{"SERVER_PORT", uwsgiPort}, {"SERVER_NAME", e.Host},
	}, fields...)
}

// httpVariables: nginx leaves out names with an underscore and joins what repeats.
func httpVariables(e Exchange) (fields []Field, special map[string]string) {
	special = map[string]string{}
	at := map[string]int{}
	for _, f := range append([]Field{{"Host", e.Host}}, e.declared()...) {
		name := strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if name == "CONTENT_TYPE" || name == "CONTENT_LENGTH" {
			special[name] = f.Value
			continue
		}
		if strings.Contains(f.Name, "_") {
			continue
		}
		if i, there := at[name]; there {
			joint := ", "
			if name == "COOKIE" {
				joint = "; "
			}
			fields[i].Value += joint + f.Value
			continue
		}
		at[name] = len(fields)
		fields = append(fields, Field{"HTTP_" + name, f.Value})
	}
	return fields, special
}
