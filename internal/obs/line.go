package obs

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// lineHandler writes access records as lines of a form, which has neither levels nor
// groups nor room for other attributes.
type lineHandler struct {
	out    *output
	given  []slog.Attr
	format *Format // nil: Combined Log Format and what is behind it
}

// Enabled implements slog.Handler.
func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// WithAttrs implements slog.Handler.
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	given := append(h.given[:len(h.given):len(h.given)], attrs...)
	return &lineHandler{out: h.out, given: given, format: h.format}
}

// WithGroup implements slog.Handler. The line has no names, so groups change nothing.
func (h *lineHandler) WithGroup(string) slog.Handler { return h }

// Handle implements slog.Handler.
func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	f := fields{began: r.Time}
	for _, a := range h.given {
		f.set(a)
	}
	r.Attrs(func(a slog.Attr) bool {
		f.set(a)
		return true
	})
	buf := h.out.buffer()
	if h.format == nil {
		*buf = f.appendLine(*buf)
	} else {
		*buf = h.format.appendRecord(*buf, f)
	}
	return h.out.write(buf)
}

// wantsDetails is what WantsDetails asks.
func (h *lineHandler) wantsDetails() bool { return h.format != nil && h.format.details }

// fields are what lines are made of.
type fields struct {
	requestID, remoteAddr, method, target, proto, referer, userAgent, host, app string

	status, bytes, workerPID int64

	began     time.Time
	duration  time.Duration
	queueTime time.Duration
	details   *Details
}

// noDetails are those of a record that has none.
func noDetails() *Details {
	none := func(string) (string, bool) { return "", false }
	return &Details{Response: none, Environ: none}
}

func (f *fields) set(a slog.Attr) {
	switch a.Key {
	case KeyRequestID:
		f.requestID = a.Value.String()
	case KeyRemoteAddr:
		f.remoteAddr = a.Value.String()
	case KeyMethod:
		f.method = a.Value.String()
	case KeyTarget:
		f.target = a.Value.String()
	case KeyProto:
		f.proto = a.Value.String()
	case KeyReferer:
		f.referer = a.Value.String()
	case KeyUserAgent:
		f.userAgent = a.Value.String()
	case KeyHost:
		f.host = a.Value.String()
	case KeyApp:
		f.app = a.Value.String()
	case KeyWorkerPID:
		f.workerPID = number(a.Value)
	case keyDetails:
		f.details, _ = a.Value.Any().(*Details)
	case KeyStatus:
		f.status = number(a.Value)
	case KeyBytes:
		f.bytes = number(a.Value)
	case KeyDuration:
		f.duration = duration(a.Value)
	case KeyQueueTime:
		f.queueTime = duration(a.Value)
	}
}

func number(v slog.Value) int64 {
	if v.Kind() == slog.KindInt64 {
		return v.Int64()
	}
	return 0
}

func duration(v slog.Value) time.Duration {
	if v.Kind() == slog.KindDuration {
		return v.Duration()
	}
	return 0
}

func (f *fields) appendLine(b []byte) []byte {
	b = appendField(b, hostOnly(f.remoteAddr))
	b = append(b, " - - ["...)
	if f.began.IsZero() {
		b = append(b, '-')
	} else {
		b = f.began.AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	}
	b = append(b, "] \""...)
	b = f.appendRequestLine(b)
	b = append(b, "\" "...)
	b = appendCount(b, f.status)
	b = append(b, ' ')
	b = appendCount(b, f.bytes)
	b = append(b, " \""...)
	b = appendItem(b, f.referer)
	b = append(b, "\" \""...)
	b = appendItem(b, f.userAgent)
	b = append(b, "\" "...)
	b = strconv.AppendFloat(b, f.duration.Seconds(), 'f', 6, 64)
	b = append(b, ' ')
	b = strconv.AppendFloat(b, f.queueTime.Seconds(), 'f', 6, 64)
	b = append(b, ' ')
	b = appendField(b, f.requestID)
	if f.app != "" {
		b = appendField(append(b, ' '), f.app)
	}
	return append(b, '\n')
}

// appendRequestLine writes the request line, or "-" for a request that was too
// broken to have one.
func (f *fields) appendRequestLine(b []byte) []byte {
	if f.method == "" {
		return append(b, '-')
	}
	b = appendItem(b, f.method)
	b = append(b, ' ')
	b = appendItem(b, f.target)
	b = append(b, ' ')
	return appendItem(b, f.proto)
}

// appendCount writes n, or "-" for none, as Apache's %b does.
func appendCount(b []byte, n int64) []byte {
	if n == 0 {
		return append(b, '-')
	}
	return strconv.AppendInt(b, n, 10)
}

// appendItem writes s for a field in quotes: the quote, the backslash, and bytes
// that are not printable ASCII are escaped as Apache does.
func appendItem(b []byte, s string) []byte {
	if s == "" {
		return append(b, '-')
	}
	return appendEscapedItem(b, s)
}

// appendEscapedItem writes nothing for nothing.
func appendEscapedItem(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = appendHex(b, c)
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendField writes s for a field without quotes, where a space would begin the
// next field.
func appendField(b []byte, s string) []byte {
	for {
		head, tail, spaced := strings.Cut(s, " ")
		if !spaced {
			return appendItem(b, s)
		}
		if head != "" {
			b = appendItem(b, head)
		}
		b = appendHex(b, ' ')
		if tail == "" {
			return b
		}
		s = tail
	}
}

// hostOnly drops the port of "host:port" and "[ipv6]:port". A bare IPv6 address
// has several colons and stays.
func hostOnly(addr string) string {
	if rest, ok := strings.CutPrefix(addr, "["); ok {
		if host, _, ok := strings.Cut(rest, "]"); ok {
			return host
		}
	}
	if host, _, ok := strings.Cut(addr, ":"); ok && strings.Count(addr, ":") == 1 {
		return host
	}
	return addr
}
