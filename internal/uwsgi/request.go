package uwsgi

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"highball/internal/h1"
	"highball/internal/origin"
)

// Read reads the head of a request. It is for h1.Server.Foreign.
func Read(src io.Reader, limits h1.Limits) (*h1.Foreign, error) {
	p, err := readPacket(src)
	if err != nil {
		return nil, err
	}
	r := request{own: map[string]string{}}
	for _, v := range p.variables {
		if refusal := r.take(v); refusal != nil {
			return nil, refusal
		}
	}
	f, refusal := r.foreign(p.modifier1)
	if refusal == nil {
		refusal = f.Check(limits)
	}
	if refusal != nil {
		return nil, refusal
	}
	return f, nil
}

// request is what is gathered of the variables.
type request struct {
	own    map[string]string // by which the request is made
	others []origin.Variable // only for environ
	fields []h1.Field
}

// take takes a variable in. Of one that is there twice the last counts, as with uWSGI:
// so a uwsgi_param behind nginx's own list of them takes the place of one.
func (r *request) take(v variable) *h1.Refusal {
	kind := kindOf(v.name)
	switch {
	case kind == ours:
		return nil
	case kind == field && v.name != "HTTP_HOST":
		return r.takeField(v.name[len("HTTP_"):], v.value)
	case strings.IndexByte(v.value, 0) >= 0 && v.name != "PATH_INFO" && v.name != "SCRIPT_NAME", // where it is "%00"
		kind != other && v.name != "PATH_INFO" && v.name != "SCRIPT_NAME" && strings.ContainsAny(v.value, "\r\n"):
		return refuse(http.StatusBadRequest, "a control character in the value of %s", quoted(v.name))
	case kind == other:
		r.others = slices.DeleteFunc(r.others, func(have origin.Variable) bool { return have.Name == v.name })
		if v.value != "" {
			r.others = append(r.others, origin.Variable{Name: v.name, Value: v.value})
		}
		return nil
	case v.name == "CONTENT_LENGTH" && r.own[v.name] != "" && r.own[v.name] != v.value:
		return refuse(http.StatusBadRequest, "CONTENT_LENGTH is there twice: %s and %s", quoted(r.own[v.name]), quoted(v.value))
	}
	r.own[v.name] = v.value
	return nil
}

// takeField takes the field of a name in which "_" stands for "-".
func (r *request) takeField(name, value string) *h1.Refusal {
	f := h1.Field{Name: strings.Clone(strings.ReplaceAll(name, "_", "-")), Value: value} // its name is spelled anew in its place
	if !h1.ValidField(f) {
		return refuse(http.StatusBadRequest, "%s is no field of a request", quoted(name))
	}
	r.fields = append(r.fields, f)
	return nil
}

func (r *request) foreign(modifier1 byte) (*h1.Foreign, *h1.Refusal) {
	p, refusal := r.paths(modifier1)
	if refusal != nil {
		return nil, refusal
	}
	remote, refusal := r.remote()
	if refusal != nil {
		return nil, refusal
	}
	if port := r.own["SERVER_PORT"]; port != "" && !isPort(port) {
		return nil, refuse(http.StatusBadRequest, "SERVER_PORT %s is no port", quoted(port))
	}
	for _, name := range [...]string{"CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_HOST"} {
		if value := r.own[name]; value != "" {
			if refusal := r.takeField(strings.TrimPrefix(name, "HTTP_"), value); refusal != nil {
				return nil, refusal
			}
		}
	}
	own := &origin.Origin{
		Scheme: r.scheme(), Prefix: p.script, Path: &p.path, Query: p.query,
		ServerName: r.serverName(), ServerPort: r.own["SERVER_PORT"], Variables: r.others,
		Unvouched: r.own["REMOTE_ADDR"] == "", // fields are the word of a client that the packet names
	}
	return &h1.Foreign{
		Head:  &h1.Head{Method: r.own["REQUEST_METHOD"], Target: p.target, Host: r.own["HTTP_HOST"], Fields: r.fields, Close: true},
		Proto: cmp.Or(r.own["SERVER_PROTOCOL"], "HTTP/1.0"), Path: p.path, Query: p.query, Remote: remote,
		Context: func(ctx context.Context) context.Context { return origin.With(ctx, behind(origin.Of(ctx), own)) },
	}, nil
}

// behind adds to what a packet says of a request what is known of its connection.
func behind(connection, own *origin.Origin) *origin.Origin {
	if connection == nil {
		return own
	}
	both := *own
	both.Variables = append(slices.Clip(connection.Variables), own.Variables...)
	return &both
}

// remote is the client's address; "" where it has none, as on nginx's Unix sockets.
func (r *request) remote() (string, *h1.Refusal) {
	text, port := r.own["REMOTE_ADDR"], r.own["REMOTE_PORT"]
	if text == "" || text == "unix:" {
		return "", nil
	}
	address, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return "", refuse(http.StatusBadRequest, "REMOTE_ADDR %s is no address", quoted(text))
	case port == "":
		return address.WithZone("").String(), nil
	case !isPort(port):
		return "", refuse(http.StatusBadRequest, "REMOTE_PORT %s is no port", quoted(port))
	}
	return net.JoinHostPort(address.WithZone("").String(), port), nil
}

// scheme: UWSGI_SCHEME and then HTTPS, as uWSGI has it, and where there is neither
// REQUEST_SCHEME, which nginx and Apache send.
func (r *request) scheme() string {
	text := r.own["UWSGI_SCHEME"]
	if https := strings.ToLower(r.own["HTTPS"]); text == "" && https != "" {
		text = map[bool]string{true: "https"}[https == "on" || https == "1"]
	} else if text == "" {
		for _, v := range r.others {
			if v.Name == "REQUEST_SCHEME" {
				text = v.Value
			}
		}
	}
	if strings.EqualFold(text, "https") {
		return "https"
	}
	return "http"
}

// serverName: nginx's is empty where its server has none, which PEP 3333 forbids. Where
// the packet says nothing at all, it is the connection's address.
func (r *request) serverName() string {
	name := r.own["SERVER_NAME"]
	if _, said := r.own["SERVER_PORT"]; name != "" || !said {
		return name
	}
	host, _, err := net.SplitHostPort(r.own["HTTP_HOST"])
	if err != nil {
		host = r.own["HTTP_HOST"]
	}
	return cmp.Or(host, "localhost")
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0 && text[0] != '+'
}

// quoted is a text of a packet in a reason, printable and short.
func quoted(text string) string {
	if len(text) > 60 {
		return strconv.QuoteToASCII(text[:60]) + "..."
	}
	return strconv.QuoteToASCII(text)
}
