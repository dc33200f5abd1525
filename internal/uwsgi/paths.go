package uwsgi

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"highball/internal/h1"
)

// paths are what the packet says of the request's path, all but target decoded.
type paths struct{ script, path, query, target string }

// paths makes SCRIPT_NAME and PATH_INFO of the variables. What the packet does not have
// is of REQUEST_URI, and that is of what it has.
func (r *request) paths(modifier1 byte) (p paths, refusal *h1.Refusal) {
	if p.target = r.own["REQUEST_URI"]; strings.HasPrefix(p.target, "?") {
		p.target = "/" + p.target // of nginx, where the client has asked for http://host?query
	}
	p.script = strings.TrimRight(r.own["SCRIPT_NAME"], "/") // Apache's "/app/" in front of "/"
	path, query := cutTarget(p.target)
	var split, said bool
	if p.path, split = r.own["PATH_INFO"]; !split {
		p.path = path
	}
	if p.query, said = r.own["QUERY_STRING"]; !said {
		p.query = query
	}
	for name, text := range map[string]string{"SCRIPT_NAME": p.script, "PATH_INFO": p.path} {
		if text != "" && text[0] != '/' {
			return p, refuse(http.StatusBadRequest, "%s %s does not begin with a slash", name, quoted(text))
		}
	}
	split = split && modifier1 != pythonPath || p.script == ""
	if p.target == "" {
		p.target = p.asTarget(split)
	}
	if split {
		return p, nil
	}
	rest, ok := strings.CutPrefix(p.path, p.script)
	if !ok || rest != "" && rest[0] != '/' {
		return p, refuse(http.StatusNotFound, "the path %s is outside of SCRIPT_NAME %s", quoted(p.path), quoted(p.script))
	}
	p.path = rest
	return p, nil
}

// asTarget writes the paths as a target.
func (p paths) asTarget(split bool) string {
	target := p.path
	if split {
		target = p.script + p.path
	}
	if target = escape(target); p.query != "" {
		target += "?" + p.query
	}
	return target
}

// cutTarget takes a target apart that has not been looked at yet.
func cutTarget(target string) (path, query string) {
	path, query, _ = strings.Cut(target, "?")
	if _, rest, absolute := strings.Cut(path, "://"); absolute && path[0] != '/' {
		_, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	if path == "*" {
		path = ""
	}
	return path, query
}

// escape writes a path as a target has it.
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
