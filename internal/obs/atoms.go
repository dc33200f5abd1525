package obs

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// atom is a piece of a line that is another for each request. Its names are gunicorn's
// letter and, where there is one, a word, most of them uWSGI's.
type atom struct {
	names   string // separated by spaces
	number  bool
	details bool // it is made of Details
	append  func(b []byte, r *fields) []byte
}

// atoms are all but those of fields and variables.
func atoms() []atom {
	return []atom{
		{names: "h addr", append: func(b []byte, r *fields) []byte { return appendAddr(b, r.remoteAddr) }},
		{names: "l", append: appendDash},
		{names: "u user", details: true, append: appendUser},
		{names: "t", append: func(b []byte, r *fields) []byte {
			return appendCLFTime(b, r.began.Add(r.duration), "[02/Jan/2006:15:04:05 -0700]")
		}},
		{names: "ltime", append: func(b []byte, r *fields) []byte { return appendCLFTime(b, r.began, "02/Jan/2006:15:04:05 -0700") }},
		{names: "time", number: true, append: func(b []byte, r *fields) []byte { return strconv.AppendInt(b, r.began.Unix(), 10) }},
		{names: "r", append: func(b []byte, r *fields) []byte { return r.appendRequestLine(b) }},
		{names: "m method", append: func(b []byte, r *fields) []byte { return appendItem(b, r.method) }},
		{names: "uri", append: func(b []byte, r *fields) []byte { return appendItem(b, r.target) }},
		{names: "U", details: true, append: func(b []byte, r *fields) []byte { return appendEscapedItem(b, r.details.Path) }},
		{names: "q", details: true, append: func(b []byte, r *fields) []byte { return appendEscapedItem(b, r.details.Query) }},
		{names: "H proto", append: func(b []byte, r *fields) []byte { return appendItem(b, r.proto) }},
		{names: "s status", number: true, append: func(b []byte, r *fields) []byte { return strconv.AppendInt(b, r.status, 10) }},
		{names: "B b size", number: true, append: func(b []byte, r *fields) []byte { return strconv.AppendInt(b, r.bytes, 10) }},
		{names: "f referer", append: func(b []byte, r *fields) []byte { return appendItem(b, r.referer) }},
		{names: "a uagent", append: func(b []byte, r *fields) []byte { return appendItem(b, r.userAgent) }},
		{names: "host", append: func(b []byte, r *fields) []byte { return appendItem(b, r.host) }},
		{names: "T secs", number: true, append: appendDuration(time.Second)},
		{names: "M msecs", number: true, append: appendDuration(time.Millisecond)},
		{names: "D micros", number: true, append: appendDuration(time.Microsecond)},
		{names: "L", append: func(b []byte, r *fields) []byte { return appendSeconds(b, r.duration) }},
		{names: "queue", append: func(b []byte, r *fields) []byte { return appendSeconds(b, r.queueTime) }},
		{names: "p", append: appendProcess},
		{names: "pid", number: true, append: func(b []byte, r *fields) []byte { return strconv.AppendInt(b, r.workerPID, 10) }},
		{names: "id", append: func(b []byte, r *fields) []byte { return appendField(b, r.requestID) }},
	}
}

func atomNames() (names []string) {
	for _, a := range atoms() {
		names = append(names, strings.Fields(a.names)...)
	}
	return names
}

// findAtom knows the letters and words, and {NAME}i, {NAME}o and {NAME}e.
func findAtom(name string) (atom, bool) {
	if inner, ok := strings.CutPrefix(name, "{"); ok {
		field, letter, closed := strings.Cut(inner, "}")
		if !closed || field == "" {
			return atom{}, false
		}
		return fieldAtom(strings.ToLower(field), letter)
	}
	for _, a := range atoms() {
		for n := range strings.FieldsSeq(a.names) {
			if n == name {
				return a, true
			}
		}
	}
	return atom{}, false
}

func fieldAtom(name, letter string) (atom, bool) {
	look := map[string]func(d *Details) (string, bool){
		"i": func(d *Details) (string, bool) { return d.requestField(name) },
		"o": func(d *Details) (string, bool) { return d.Response(name) },
		"e": func(d *Details) (string, bool) { return d.Environ(name) },
	}[letter]
	if look == nil {
		return atom{}, false
	}
	return atom{details: true, append: func(b []byte, r *fields) []byte {
		value, ok := look(r.details)
		if !ok {
			return append(b, '-')
		}
		return appendEscapedItem(b, value)
	}}, true
}

// requestField joins what came in several lines.
func (d *Details) requestField(name string) (string, bool) {
	if name == "host" { // which http.Request keeps apart
		return d.Environ("http_host")
	}
	for given, values := range d.Request {
		if strings.EqualFold(given, name) && len(values) > 0 {
			return strings.Join(values, ", "), true
		}
	}
	return "", false
}

func appendDash(b []byte, _ *fields) []byte { return append(b, '-') }

// appendAddr writes a client's address; one on a Unix socket has none.
func appendAddr(b []byte, remote string) []byte {
	if remote == "@" {
		remote = ""
	}
	return appendField(b, hostOnly(remote))
}

func appendCLFTime(b []byte, at time.Time, layout string) []byte { return at.AppendFormat(b, layout) }

func appendDuration(unit time.Duration) func(b []byte, r *fields) []byte {
	return func(b []byte, r *fields) []byte { return strconv.AppendInt(b, int64(r.duration/unit), 10) }
}

// appendSeconds cuts below a microsecond, as gunicorn does.
func appendSeconds(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, d.Truncate(time.Microsecond).Seconds(), 'f', 6, 64)
}

func appendProcess(b []byte, r *fields) []byte {
	if r.workerPID == 0 {
		return append(b, '-')
	}
	b = strconv.AppendInt(append(b, '<'), r.workerPID, 10)
	return append(b, '>')
}

// appendUser writes the name by which the client authenticates (RFC 7617). It stands
// outside of quotes, where a space would begin the next field.
func appendUser(b []byte, r *fields) []byte {
	value, _ := r.details.requestField("authorization")
	scheme, credentials, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "basic") {
		return append(b, '-')
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
	name, _, _ := strings.Cut(string(plain), ":")
	if err != nil || !utf8.ValidString(name) {
		return append(b, '-')
	}
	return appendField(b, name)
}
