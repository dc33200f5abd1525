package highball

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"highball/internal/gateway"
)

// routes finds the application that a request is for: by its host, of those of a host by
// the longest prefix of the path. What no application of the host takes may be one's that
// has a wildcard, the longest first, and then one's that has no host.
type routes struct {
	hosts  map[string][]place // by the whole name
	below  []domain           // the longest first
	others []place            // those without a host
	nobody http.Handler       // has what is left
}

// domain are the places of "*.name".
type domain struct {
	suffix string // ".name"
	places []place
}

// place is where an application is mounted.
type place struct {
	prefix  string // without a slash at its end
	index   int    // of Config.Apps
	handler http.Handler
}

// newRoutes takes the handlers in the order of the applications.
func newRoutes(root string, apps []App, handlers []http.Handler, nobody http.Handler) *routes {
	rs := &routes{hosts: map[string][]place{}, nobody: nobody}
	wild := map[string][]place{}
	for i, app := range apps {
		p := place{prefix: root + app.Path, index: i}
		if handlers != nil {
			p.handler = handlers[i]
		}
		for _, host := range app.hosts() {
			switch {
			case host == "":
				rs.others = append(rs.others, p)
			case strings.HasPrefix(host, "*."):
				wild[host[1:]] = append(wild[host[1:]], p)
			default:
				rs.hosts[host] = append(rs.hosts[host], p)
			}
		}
	}
	for suffix, places := range wild {
		rs.below = append(rs.below, domain{suffix, places})
		longestFirst(places)
	}
	slices.SortFunc(rs.below, func(a, b domain) int { return cmp.Compare(len(b.suffix), len(a.suffix)) })
	for _, places := range rs.hosts {
		longestFirst(places)
	}
	longestFirst(rs.others)
	return rs
}

func longestFirst(places []place) {
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
}

// find returns nil for what is no application's.
func (rs *routes) find(host, path string) *place {
	host = hostName(host)
	if p := under(rs.hosts[host], path); p != nil {
		return p
	}
	for _, d := range rs.below {
		if len(host) > len(d.suffix) && strings.HasSuffix(host, d.suffix) {
			if p := under(d.places, path); p != nil {
				return p
			}
		}
	}
	return under(rs.others, path)
}

func under(places []place, path string) *place {
	for i := range places {
		if _, ok := gateway.CutPrefix(path, places[i].prefix); ok {
			return &places[i]
		}
	}
	return nil
}

// ServeHTTP has the application serve the request.
func (rs *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, whole := gateway.DecodedPath(r)
	outer, mounted := gateway.Prefix(r.Context())
	if mounted { // by a Mount around the server
		path, whole = strings.TrimPrefix(path, outer), strings.TrimPrefix(whole, outer)
	}
	p := rs.find(r.Host, whole)
	if p == nil || p.prefix == "" && whole != path { // as Mount does
		if shorter := rs.find(r.Host, path); shorter != nil {
			p = shorter
		}
	}
	switch {
	case p == nil:
		rs.nobody.ServeHTTP(w, r)
	case mounted:
		p.handler.ServeHTTP(w, r.WithContext(gateway.WithPrefix(r.Context(), outer+p.prefix)))
	default:
		p.handler.ServeHTTP(w, r)
	}
}

// hostName is the name of a Host field, or of an authority: in lower case, without the
// port and the dot that ends an absolute name.
func hostName(host string) string {
	if end := strings.LastIndexByte(host, ']'); strings.HasPrefix(host, "[") && end > 0 {
		return strings.ToLower(host[:end+1])
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.Trim(host[i+1:], "0123456789") == "" {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// isAddress says whether a host is an IPv6 address, in its brackets.
func isAddress(host string) bool {
	inside, ok := strings.CutPrefix(host, "[")
	if !ok || !strings.HasSuffix(inside, "]") {
		return false
	}
	_, err := netip.ParseAddr(strings.TrimSuffix(inside, "]"))
	return err == nil
}

// Route returns the one of c.Apps that a request for this host and path, decoded, is for.
func (c Config) Route(host, path string) (App, bool) {
	if c.checkApps() != nil {
		return App{}, false
	}
	p := newRoutes(strings.TrimRight(c.ScriptName, "/"), c.Apps, nil, nil).find(host, path)
	if p == nil {
		return App{}, false
	}
	return c.Apps[p.index], true
}
