package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"highball/internal/origin"
)

// target is what the request line says, split as CGI wants it.
type target struct {
	raw        string // as sent: REQUEST_URI
	scriptName string // decoded
	pathInfo   string // decoded
	query      string // as sent, without "?"
}

// parseTarget splits and decodes the request's target. The path is decoded once,
// into the raw bytes, and is neither cleaned nor normalised (pep3333 13, 109).
func (g *Gateway) parseTarget(r *http.Request) (target, error) {
	t := target{raw: r.RequestURI}
	if t.raw == "" { // a request made by hand, not read from a connection
		t.raw = r.URL.RequestURI()
	}
	if r.Method == http.MethodOptions && wholeServer(t.raw) {
		return t, errWholeServer
	}
	path, query, _ := strings.Cut(originForm(t.raw), "?")
	if path == "" || path[0] != '/' {
		return t, refuse(http.StatusBadRequest, "the target "+quote(t.raw)+" has no path (RFC 9112 3.2)")
	}
	t.query = query
	if r.URL != nil && r.RequestURI != "" {
		t.query = r.URL.RawQuery // as sent, if no handler before this one has rewritten it
	}
	decoded := unescape(path)
	script, rest, ok := "", "", false
	if o := origin.Of(r.Context()); o != nil && o.Path != nil {
		script, rest, ok = g.splitFurther(r, o, decoded)
	} else {
		script, rest, ok = g.split(r, decoded)
	}
	switch {
	case g.opts.Nobody:
		return t, refuse(http.StatusNotFound, "no application has this host and path")
	case !ok:
		return t, refuse(http.StatusNotFound, "the path is outside of the application's prefix")
	}
	t.scriptName, t.pathInfo = script, rest
	return t, nil
}

// errWholeServer says that a request is about no resource of the application's.
var errWholeServer = errors.New("OPTIONS for the whole server")

// wholeServer: the asterisk, or an absolute target without a path, which is the same
// on its way to a proxy (RFC 9112 3.2.4).
func wholeServer(raw string) bool {
	_, rest, absolute := strings.Cut(raw, "://")
	return raw == "*" || absolute && raw[0] != '/' && !strings.ContainsAny(rest, "/?")
}

// split divides the path into SCRIPT_NAME and PATH_INFO. The prefix is that of a
// Mount around this handler, else the configured one; where another handler has
// stripped the URL's path (http.StripPrefix), what it took is the prefix.
func (g *Gateway) split(r *http.Request, path string) (script, rest string, ok bool) {
	if prefix := g.prefix(r); prefix != "" {
		rest, ok = CutPrefix(path, prefix)
		return path[:len(path)-len(rest)], rest, ok
	}
	if r.URL == nil || r.URL.Path == path || r.URL.Path == "" && path == "/" {
		return "", path, true
	}
	if script, stripped := strings.CutSuffix(path, r.URL.Path); stripped {
		script = strings.TrimSuffix(script, "/") // of StripPrefix("/app/")
		return script, path[len(script):], true
	}
	return "", r.URL.Path, true // rewritten by a handler before this one
}

// prefix is what the application is mounted under, as far as this server knows.
func (g *Gateway) prefix(r *http.Request) string {
	if p, mounted := Prefix(r.Context()); mounted {
		return p
	}
	return g.opts.ScriptName
}

// splitFurther is split where a proxy has said SCRIPT_NAME and PATH_INFO: the prefix may
// be in the one, the other or, by a proxy that has taken nothing off the path, in both.
// script is what comes behind the proxy's own.
func (g *Gateway) splitFurther(r *http.Request, o *origin.Origin, asked string) (script, rest string, ok bool) {
	prefix, path := g.prefix(r), *o.Path
	if prefix == "" || o.Prefix == "" {
		return g.split(r, path)
	}
	whole := o.Prefix + path
	if beyond, both := CutPrefix(path, o.Prefix); both && !strings.HasPrefix(asked, whole) {
		whole, path = path, beyond
	}
	if rest, ok = CutPrefix(whole, prefix); !ok {
		return g.split(r, path)
	}
	rest = rest[max(0, len(rest)-len(path)):]
	return strings.TrimSuffix(whole, rest)[len(o.Prefix):], rest, true
}

// CutPrefix removes a mount's prefix at a border of path segments.
func CutPrefix(path, prefix string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, prefix)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// PathInfo is what the application would see of the request's path; "" if it is outside of
// what the application is mounted under.
func (g *Gateway) PathInfo(r *http.Request) string {
	t, err := g.parseTarget(r)
	if err != nil {
		return ""
	}
	return t.pathInfo
}

type prefixKey struct{}

// WithPrefix returns a context in which the gateway takes prefix for the path
// that the application is mounted under.
func WithPrefix(ctx context.Context, prefix string) context.Context {
	return context.WithValue(ctx, prefixKey{}, prefix)
}

// Prefix is what WithPrefix has said, and whether it has.
func Prefix(ctx context.Context) (prefix string, ok bool) {
	prefix, ok = ctx.Value(prefixKey{}).(string)
	return prefix, ok
}

// DecodedPath returns the decoded path of the request as the gateway sees it, and with
// what a proxy has taken off it.
func DecodedPath(r *http.Request) (path, whole string) {
	if o := origin.Of(r.Context()); o != nil && o.Path != nil {
		return *o.Path, o.Prefix + *o.Path
	}
	raw := r.RequestURI
	if raw == "" {
		raw = r.URL.RequestURI()
	}
	path, _, _ = strings.Cut(originForm(raw), "?")
	path = unescape(path)
	return path, path
}

// originForm takes scheme and authority off an absolute-form target (RFC 9112 3.2.2).
func originForm(raw string) string {
	if strings.HasPrefix(raw, "/") {
		return raw
	}
	_, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return raw // asterisk-form or authority-form: no path
	}
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	}
	return rest[i:]
}

// unescape decodes percent-encoding once. What is no encoding stays as it is.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b = append(b, fromHex(s[i+1])<<4|fromHex(s[i+2]))
			i += 2
		} else {
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func fromHex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
