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
	case "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT":
		return ours // of the proxy's own connection to its client, which it has dealt with
	}
	for _, prefix := range [...]string{"wsgi.", "highball.", "uwsgi.", "UWSGI_"} {
		if hasPrefixFold(name, prefix) {
			return ours
		}
	}
	switch {
	case !isName(name), hasPrefixFold(name, "HTTP_") && !isFieldName(name):
		return ours
	case strings.HasPrefix(name, "HTTP_"):
		return field
	}
	return other
}

func hasPrefixFold(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// isName: a name that is no word of ASCII could be read as another one, or as a name and
// a value.
func isName(name string) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c <= ' ' || c >= 0x7F || c == '=' {
			return false
		}
	}
	return true
}

// isFieldName: a proxy makes a name out of a field's by capitals and "_". Another
// spelling of the same field would be a second one.
func isFieldName(name string) bool {
	return name != "HTTP_" && name == strings.ToUpper(name) && !strings.Contains(name, "-")
}
