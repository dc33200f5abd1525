package uwsgi

import "strings"

// kind is what a variable is for.
type kind int

const (
	other kind = iota // for environ as it is
	asked             // a part of the request, from which environ is made
	field             // of the request's head
	ours              // never taken from a packet
)

// kindOf: the UWSGI_ variables have uWSGI load code, change directories and more; they
// are neither obeyed nor shown, but for the scheme.
func kindOf(name string) kind {
	switch name {
	case "REQUEST_METHOD", "REQUEST_URI", "PATH_INFO", "SCRIPT_NAME", "QUERY_STRING", "SERVER_PROTOCOL",
		"SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT", "HTTPS", "CONTENT_TYPE", "CONTENT_LENGTH", "UWSGI_SCHEME":
		return asked
	case "REQUEST_SCHEME":
		return other
	case "SERVER_SOFTWARE", "RAW_URI", "PATH":
		return ours
	case "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_TRAILER", "HTTP_EXPECT":
		return ours // of the proxy's own connection to its client, which it has dealt with
	}
	for _, prefix := range [...]string{"wsgi.", "highball.", "uwsgi.", "UWSGI_"} {
		if strings.HasPrefix(name, prefix) {
			return ours
		}
	}
	if strings.HasPrefix(name, "HTTP_") {
		return field
	}
	return other
}
