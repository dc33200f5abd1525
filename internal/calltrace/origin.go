package calltrace

import (
	"slices"
	"strings"
)

// origin says where an entry of environ comes from, for people.
func (r *Recorder) origin(key string) string {
	if r.Environ[key] != "" {
		return "--environ"
	}
	if from, ok := origins[key]; ok {
		return from
	}
	switch {
	case key == "SCRIPT_NAME" && r.ScriptName != "":
		return "--script-name"
	case key == "SCRIPT_NAME":
		return "empty: the application is mounted at /"
	case strings.HasPrefix(key, "HTTP_"), key == "CONTENT_TYPE", key == "CONTENT_LENGTH":
		return r.fieldOf(key)
	case strings.HasPrefix(key, "highball."):
		return "Highball's own"
	}
	return "Highball"
}

// fieldOf finds the header field that became the entry.
func (r *Recorder) fieldOf(key string) string {
	for _, f := range r.Request.fields {
		name := strings.ToUpper(strings.ReplaceAll(f.name, "-", "_"))
		if name == strings.TrimPrefix(key, "HTTP_") {
			return "header " + f.name
		}
	}
	if key == "CONTENT_LENGTH" {
		return "Highball: counted, of a chunked body that has come whole"
	}
	return "the request's headers"
}

// origins of the entries that do not depend on the request or the settings.
var origins = map[string]string{
	"REQUEST_METHOD":        "request line",
	"PATH_INFO":             "request line: the path, decoded, after SCRIPT_NAME",
	"QUERY_STRING":          "request line: after the ?, as sent",
	"REQUEST_URI":           "request line, as sent",
	"RAW_URI":               "request line, as sent",
	"SERVER_PROTOCOL":       "request line",
	"REMOTE_ADDR":           "the connection: the client's end",
	"REMOTE_PORT":           "the connection: the client's end",
	"SERVER_NAME":           "the connection: the server's end",
	"SERVER_PORT":           "the connection: the server's end, a str",
	"SERVER_SOFTWARE":       "Highball",
	"wsgi.version":          "PEP 3333: always (1, 0)",
	"wsgi.url_scheme":       "the connection: http, or https with TLS",
	"wsgi.input":            "PEP 3333: the request's body, to read",
	"wsgi.errors":           "PEP 3333: goes to the log",
	"wsgi.multithread":      "PEP 3333: --threads above 1; 1 in a trace",
	"wsgi.multiprocess":     "PEP 3333: --workers above 1; 1 in a trace",
	"wsgi.run_once":         "PEP 3333: false in a server",
	"wsgi.file_wrapper":     "PEP 3333, optional: sends files fast",
	"wsgi.input_terminated": "Highball: wsgi.input ends by itself",
	"wsgi.early_hints":      "Highball: sends 103 Early Hints",
	"highball.request_id":   "Highball: the request's id in the log",
	"highball.peer_addr":    "the connection: the trusted proxy's end",
	"highball.queue_time":   "Highball: how long it waited, in seconds",
}

// groups is the order in which environ is shown: by what its entries come from.
var groups = []string{"request line", "--script-name", "empty", "header", "the request's", "the connection", "--environ", "PEP", "Highball"}

func group(from string) int {
	return slices.IndexFunc(groups, func(prefix string) bool { return strings.HasPrefix(from, prefix) })
}
