package proxied

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"highball/internal/obs"
	"highball/internal/origin"
)

// Options say whom to believe what.
type Options struct {
	Trust  *Trust
	Fields Fields

	// FinalOnly says that the proxies take a 1xx response for the final one.
	FinalOnly bool

	// Refused, if set, is told of requests of which nothing can be made.
	Refused func(ctx context.Context, status int, clause, reason string)

	// Logger is told of a proxy that is not among the trusted ones, perhaps. Default:
	// slog.Default().
	Logger *slog.Logger
}

// Handler has the next one get requests as their clients have made them, as far as that
// is known.
type Handler struct {
	next    http.Handler
	trust   *Trust
	fields  Fields
	final   bool
	refused func(ctx context.Context, status int, clause, reason string)
	logger  *slog.Logger
	tell    obs.Reminder
}

// New returns a Handler.
func New(next http.Handler, o Options) *Handler {
	h := &Handler{next: next, trust: o.Trust, fields: o.Fields, final: o.FinalOnly, refused: o.Refused, logger: o.Logger}
	if h.logger == nil {
		h.logger = slog.Default()
	}
	return h
}

// ServeHTTP serves one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first := firstClaim(r.Header)
	if first == "" {
		h.next.ServeHTTP(w, r)
		return
	}
	peer, trusted := h.peerOf(r)
	if !trusted || isUnvouched(r) {
		if !trusted {
			h.remark(first, peer)
		}
		h.next.ServeHTTP(w, without(r, func(name string) bool { return kindOf(name) != ordinary }))
		return
	}
	b, err := h.believe(r.Header)
	var bad *Error
	if errors.As(err, &bad) {
		h.refuse(w, r, bad)
		return
	}
	h.next.ServeHTTP(w, h.request(r, &b, peer))
}

// firstClaim is a field that a proxy could have set, "" if there is none.
func firstClaim(fields http.Header) string {
	for name := range fields {
		if kindOf(name) != ordinary {
			return name
		}
	}
	return ""
}

// peerOf is who says what the fields say: the other end of the connection or, behind a
// header of the PROXY protocol or a packet of uwsgi, the client that is named there.
func (h *Handler) peerOf(r *http.Request) (peer netip.Addr, trusted bool) {
	now := h.trust.now.Load()
	if end, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		peer = end.Addr()
	} else if bare, err := netip.ParseAddr(r.RemoteAddr); err == nil {
		peer = bare
	}
	if peer.IsValid() {
		return peer, now.has(peer)
	}
	_, unix := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr)
	return peer, unix && now.unix
}

// isUnvouched says whether a header of the PROXY protocol or a packet of uwsgi has named
// nobody: what comes with it may be a client's that the proxy tells nothing of.
func isUnvouched(r *http.Request) bool {
	o := origin.Of(r.Context())
	return o != nil && o.Unvouched
}

// without returns the request, or a copy that does not have some fields.
func without(r *http.Request, gone func(name string) bool) *http.Request {
	copied := *r
	copied.Header = maps.Clone(r.Header)
	maps.DeleteFunc(copied.Header, func(name string, _ []string) bool { return gone(name) })
	return &copied
}

// request returns a copy of the request as the client has made it.
func (h *Handler) request(r *http.Request, b *belief, peer netip.Addr) *http.Request {
	memory := &struct {
		origin.Origin
		first [1]origin.Variable
	}{}
	o := &memory.Origin
	o.Variables = memory.first[:0]
	if own := origin.Of(r.Context()); own != nil {
		*o = *own
	}
	o.FinalOnly = h.final
	o.Scheme, o.Prefix = cmp.Or(b.scheme, o.Scheme), cmp.Or(b.prefix, o.Prefix)
	if b.said {
		o.Variables = withPeer(o.Variables, peer)
	}
	copied := r.WithContext(origin.With(r.Context(), o))
	if b.said {
		copied.RemoteAddr = b.client.String()
	}
	b.setHost(copied, o)
	h.setFields(copied, b)
	return copied
}

// withPeer adds who it is that was believed, unless it is known already.
func withPeer(v []origin.Variable, peer netip.Addr) []origin.Variable {
	const name = "highball.peer_addr"
	if slices.ContainsFunc(v, func(v origin.Variable) bool { return v.Name == name }) {
		return v
	}
	text := "unix"
	if peer.IsValid() {
		text = peer.Unmap().String()
	}
	if len(v) > 0 {
		v = slices.Clip(v) // the connection's own
	}
	return append(v, origin.Variable{Name: name, Value: text})
}

// String is the node as http.Request.RemoteAddr, without the port where that is not
// known, and "" for an unknown one.
func (n node) String() string {
	switch {
	case !n.address.IsValid():
		return ""
	case n.hasPort:
		return netip.AddrPortFrom(n.address, n.port).String()
	}
	return n.address.String()
}

// setHost has the request be for the public host. A port of the host's own is that by
// which the client has come; X-Forwarded-Port may be the one on which the proxy listens.
func (b *belief) setHost(r *http.Request, o *origin.Origin) {
	scheme := o.Scheme
	if scheme == "" && r.TLS != nil {
		scheme = "https"
	}
	standard := "80"
	if scheme == "https" {
		standard = "443"
	}
	host := strings.Clone(b.host) // texts of the fields go with the request
	name, port := splitHost(cmp.Or(host, r.Host))
	if b.port != "" && port == "" && b.port != standard && name != "" {
		host = name + ":" + b.port
	}
	if host != "" {
		r.Host = host
	}
	switch {
	case b.host != "":
		o.ServerName, o.ServerPort = name, cmp.Or(port, b.port, standard)
	case b.port != "":
		o.ServerPort = cmp.Or(port, b.port)
	}
}

// splitHost parts a host from its port, which may be "".
func splitHost(host string) (name, port string) {
	colon := strings.LastIndexByte(host, ':')
	if colon < 0 || strings.HasSuffix(host, "]") {
		return host, ""
	}
	return host[:colon], host[colon+1:]
}

// setFields leaves of the fields what is believed: one value each.
func (h *Handler) setFields(r *http.Request, b *belief) {
	own := false
	set := func(f Field, value string) {
		name := f.String()
		have := r.Header[name]
		if len(have) == 0 || len(have) == 1 && have[0] == value && value != "" {
			return
		}
		if !own {
			r.Header, own = maps.Clone(r.Header), true
		}
		if r.Header[name] = []string{value}; value == "" {
			delete(r.Header, name)
		}
	}
	for name := range r.Header {
		if kindOf(name) == claims && !h.looksAt(name) {
			r.Header, own = maps.Clone(r.Header), true
			maps.DeleteFunc(r.Header, func(name string, _ []string) bool { return kindOf(name) == claims && !h.looksAt(name) })
			break
		}
	}
	client := ""
	switch {
	case b.said && !b.client.hasPort:
		client = r.RemoteAddr
	case b.said:
		client = b.client.address.String()
	}
	for _, f := range [...]Field{ForwardedFor, RealIP, CFConnectingIP} {
		set(f, client)
	}
	set(ForwardedProto, b.scheme)
	host := ""
	if b.host != "" {
		host = r.Host // with its port, which not all frameworks join
	}
	set(ForwardedHost, host)
	set(ForwardedPort, b.port)
	set(Forwarded, b.element)
	if prefix := r.Header["X-Forwarded-Prefix"]; len(prefix) > 1 || len(prefix) == 1 && strings.Contains(prefix[0], ",") {
		set(ForwardedPrefix, b.prefix)
	}
	if _, there := r.Header["X-Forwarded-Ssl"]; there {
		set(ForwardedSSL, map[bool]string{true: "on", false: "off"}[b.scheme == "https"])
	}
}

func (h *Handler) looksAt(name string) bool {
	for f := range fieldCount {
		if f.String() == name {
			return h.fields[f]
		}
	}
	return false
}

// remark helps an operator whose proxy is not believed. From elsewhere it is somebody who
// tries.
func (h *Handler) remark(field string, peer netip.Addr) {
	near := !peer.IsValid() || peer.IsLoopback() || peer.IsPrivate() || peer.IsLinkLocalUnicast()
	if !near || !h.tell.Due() {
		return
	}
	name := "unix"
	if peer.IsValid() {
		name = peer.Unmap().String()
	}
	h.logger.Warn(strings.Clone(field) + " from " + name + " was not believed; if it is your proxy: --trusted-proxies " + name)
}

// refuse answers 400: what the proxy says of this client may be what the client says.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, cause *Error) {
	if h.refused != nil {
		h.refused(r.Context(), http.StatusBadRequest, cause.Clause, cause.Reason)
	}
	fields := w.Header()
	fields.Set("Content-Type", "text/plain; charset=utf-8")
	fields.Set("Content-Length", "16")
	if r.ProtoMajor == 1 {
		fields.Set("Connection", "close")
	}
	w.WriteHeader(http.StatusBadRequest)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, "400 Bad Request\n")
	}
}
