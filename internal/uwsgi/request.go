package uwsgi

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"highball/internal/h1"
	"highball/internal/origin"
)

// Read reads the head of a request. It is for h1.Server.Foreign.
func Read(src io.Reader, limits h1.Limits) (*h1.Foreign, error) {
	p, err := readPacket(src, limits)
	if err != nil {
		return nil, err
	}
	r := request{own: map[string]string{}}
	for _, v := range p.variables {
		if refusal := r.take(v); refusal != nil {
			return nil, refusal
		}
	}
	return r.foreign(p.modifier1, limits)
}

// request is what is gathered of the variables.
type request struct {
	own    map[string]string // by which the request is made
	others []origin.Variable // only for environ
	fields []h1.Field
}

func (r *request) take(v variable) *h1.Refusal {
	switch kindOf(v.name) {
	case ours:
		return nil
	case field:
		return r.takeField(v)
	}
	if strings.ContainsAny(v.value, "\x00\r\n") && v.name != "PATH_INFO" && v.name != "SCRIPT_NAME" {
		return refuse(http.StatusBadRequest, "a control character in the value of %s", strconv.QuoteToASCII(v.name))
	}
	if _, twice := r.own[v.name]; twice {
		return refuse(http.StatusBadRequest, "%s is there twice", strconv.QuoteToASCII(v.name))
	}
	r.own[v.name] = v.value
	if kindOf(v.name) == other && v.value != "" {
		r.others = append(r.others, origin.Variable{Name: v.name, Value: v.value})
	}
	return nil
}

func (r *request) takeField(v variable) *h1.Refusal {
	name := strings.ReplaceAll(v.name[len("HTTP_"):], "_", "-")
	f := h1.Field{Name: strings.Clone(name), Value: v.value} // its name is spelled anew in its place
	if !h1.ValidField(f) {
		return refuse(http.StatusBadRequest, "%s is no field of a request", strconv.QuoteToASCII(v.name))
	}
	if v.name == "HTTP_HOST" {
		if _, twice := r.own[v.name]; twice {
			return refuse(http.StatusBadRequest, "HTTP_HOST is there twice")
		}
		r.own[v.name] = v.value
	}
	r.fields = append(r.fields, f)
	return nil
}

func (r *request) foreign(modifier1 byte, limits h1.Limits) (*h1.Foreign, error) {
	length, refusal := bodyLength(r.own["CONTENT_LENGTH"])
	if refusal != nil {
		return nil, refusal
	}
	script, path := r.own["SCRIPT_NAME"], r.own["PATH_INFO"]
	if modifier1 == pythonPath {
		path = strings.TrimPrefix(path, script)
	}
	target := r.own["REQUEST_URI"]
	if target == "" {
		target = escape(script + path)
		if query := r.own["QUERY_STRING"]; query != "" {
			target += "?" + query
		}
	}
	if len(target) > limits.RequestLine {
		return nil, refuse(http.StatusRequestURITooLong, "REQUEST_URI is longer than %d bytes", limits.RequestLine)
	}
	if method := r.own["REQUEST_METHOD"]; !h1.ValidMethod(method) {
		return nil, refuse(http.StatusBadRequest, "REQUEST_METHOD %s is no method", strconv.QuoteToASCII(method))
	}
	if value := r.own["CONTENT_TYPE"]; value != "" {
		r.fields = append(r.fields, h1.Field{Name: strings.Clone("Content-Type"), Value: value})
	}
	if r.own["CONTENT_LENGTH"] != "" {
		r.fields = append(r.fields, h1.Field{Name: strings.Clone("Content-Length"), Value: r.own["CONTENT_LENGTH"]})
	}
	from := &origin.Origin{
		Scheme: r.scheme(), Prefix: script, Path: &path, Query: r.own["QUERY_STRING"],
		ServerName: r.serverName(), ServerPort: r.own["SERVER_PORT"], Variables: r.others,
	}
	return &h1.Foreign{
		Head: &h1.Head{
			Method: r.own["REQUEST_METHOD"], Target: target, Host: r.own["HTTP_HOST"],
			Fields: r.fields, Framing: h1.ByLength, Length: length, Close: true,
		},
		Proto: cmp.Or(r.own["SERVER_PROTOCOL"], "HTTP/1.0"), Path: path, Query: from.Query, Remote: r.remote(),
		Context: func(ctx context.Context) context.Context { return origin.With(ctx, from) },
	}, nil
}

// remote is the client's address; "" where the proxy has said none.
func (r *request) remote() string {
	if r.own["REMOTE_ADDR"] == "" {
		return ""
	}
	return net.JoinHostPort(r.own["REMOTE_ADDR"], r.own["REMOTE_PORT"])
}

// scheme is uWSGI's order, and REQUEST_SCHEME, which nginx and Apache send.
func (r *request) scheme() string {
	switch https := r.own["HTTPS"]; {
	case r.own["UWSGI_SCHEME"] != "":
		return plainScheme(r.own["UWSGI_SCHEME"])
	case https == "on" || https == "1":
		return "https"
	}
	return plainScheme(r.own["REQUEST_SCHEME"])
}

func plainScheme(s string) string {
	if s == "https" {
		return s
	}
	return "http"
}

func bodyLength(text string) (int64, *h1.Refusal) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || text[0] == '+' {
		return 0, refuse(http.StatusBadRequest, "CONTENT_LENGTH %s is no length", strconv.QuoteToASCII(text))
	}
	return int64(n), nil
}

// escape writes a path as a target.
func escape(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if c := path[i]; c <= ' ' || c >= 0x7F || strings.IndexByte("%?#", c) >= 0 {
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		} else {
			b.WriteByte(c)
		}
	}
	if b.Len() == 0 || path[0] != '/' {
		return "/" + b.String()
	}
	return b.String()
}

// serverName: nginx's is empty where its server has none, which PEP 3333 forbids.
func (r *request) serverName() string {
	if r.own["SERVER_PORT"] == "" {
		return r.own["SERVER_NAME"]
	}
	host, _, err := net.SplitHostPort(r.own["HTTP_HOST"])
	if err != nil {
		host = r.own["HTTP_HOST"]
	}
	return cmp.Or(r.own["SERVER_NAME"], host, "localhost")
}
