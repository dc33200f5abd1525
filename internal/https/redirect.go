package https

import (
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Redirect answers requests in the clear with 308 and their URL by https, and hands
// others to next. port says where https is served; 0 is as 443. told, if not nil, learns of
// each that next does not, and how long its body was.
func Redirect(next http.Handler, port func() uint16, told func(r *http.Request, status, bytes int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if Secure(r) {
			next.ServeHTTP(w, r)
			return
		}
		status, bytes := redirect(w, r, port())
		if told != nil {
			told(r, status, bytes)
		}
	})
}

const (
	redirectPage = "This site is served by https.\n"
	noHostPage   = "This site is served by https; the request names no host to go to.\n"
)

func redirect(w http.ResponseWriter, r *http.Request, port uint16) (status, bytes int) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	host := hostname(r.Host)
	if host == "" { // of HTTP/1.0
		w.WriteHeader(http.StatusBadRequest)
		bytes, _ = w.Write([]byte(noHostPage))
		return http.StatusBadRequest, bytes
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
	h.Set("Location", "https://"+host+target)
	w.WriteHeader(http.StatusPermanentRedirect)
	bytes, _ = w.Write([]byte(redirectPage))
	return http.StatusPermanentRedirect, bytes
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
