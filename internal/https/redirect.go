package https

import (
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Redirect answers requests in the clear with 308 and their URL by https, and hands
// others to next. port says where https is served; 0 is as 443.
func Redirect(next http.Handler, port func() uint16) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if Secure(r) {
			next.ServeHTTP(w, r)
			return
		}
		redirect(w, r, port())
	})
}

func redirect(w http.ResponseWriter, r *http.Request, port uint16) {
	host := hostname(r.Host)
	if host == "" { // of HTTP/1.0
		http.Error(w, "This site is served by https; the request names no host to go to.", http.StatusBadRequest)
		return
	}
	if port != 0 && port != 443 {
		host += ":" + strconv.Itoa(int(port))
	}
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") { // the absolute form, or "*"
		if target = r.URL.RequestURI(); !strings.HasPrefix(target, "/") {
			target = "/"
		}
	}
	h := w.Header()
	h.Set("Location", "https://"+host+target)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusPermanentRedirect)
	_, _ = w.Write([]byte("This site is served by https.\n"))
}

// hostname is a host without its port, an IPv6 address in brackets.
func hostname(host string) string {
	name, _, err := net.SplitHostPort(host)
	switch {
	case err != nil:
		return host
	case strings.Contains(name, ":"):
		return "[" + name + "]"
	}
	return name
}
