package highball

import (
	"net/http"
	"strings"

	"highball/internal/gateway"
)

// Mount is an [http.Handler] that sends each request to the handler with the
// longest prefix of its path. The prefix is a whole number of path segments:
// "/shop" takes "/shop" and "/shop/cart", not "/shopping"; "/" or "" takes the
// rest. A [Server] gets its prefix as SCRIPT_NAME and what follows as PATH_INFO.
//
// Unlike [http.ServeMux] it neither cleans nor redirects paths: PEP 3333 leaves
// "//a", "/a/../b" and a missing final slash to the application.
//
// Prefixes are compared with the decoded path. Other handlers than a Server get
// the request as it is; wrap them in [http.StripPrefix] if they expect that.
type Mount map[string]http.Handler

// ServeHTTP sends the request on, or answers 404.
func (m Mount) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, whole := gateway.DecodedPath(r)
	best, handler := m.find(whole)
	if best == "" && whole != path {
		best, handler = m.find(path)
	}
	if handler == nil {
		http.NotFound(w, r)
		return
	}
	handler.ServeHTTP(w, r.WithContext(gateway.WithPrefix(r.Context(), best)))
}

// find returns the handler of the longest prefix.
func (m Mount) find(path string) (best string, handler http.Handler) {
	for prefix, h := range m {
		clean := strings.TrimRight(prefix, "/")
		if _, ok := gateway.CutPrefix(path, clean); ok && (handler == nil || len(clean) > len(best)) {
			best, handler = clean, h
		}
	}
	return best, handler
}
