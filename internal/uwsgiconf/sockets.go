package uwsgiconf

import (
	"errors"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"highball/internal/migrate"
	"highball/internal/settings"
)

// socket is an address to listen on.
type socket struct {
	Entry
	protocol string // "" for what `protocol` says
	address  string
}

func socketRows() []Option {
	return []Option{
		mapped("http http-socket http11-socket httprouter", "bind", "HTTP/1.1 with keep-alive in every case; there is no process between the socket and the workers", bindTo("http")),
		mapped("socket", "bind", "as `uwsgi://ADDRESS`, or as HTTP with `protocol = http`", bindTo("")),
		mapped("uwsgi-socket", "bind", "as `uwsgi://ADDRESS`", bindTo("uwsgi")),
		mapped("https https-socket", "bind certfile keyfile client-ca", "`ADDRESS,CERT,KEY`, then ciphers, which are not followed (see `tls-profile`), then the authority of client certificates", bindTLS),
		mapped("http-to-https", "bind redirect-https", "", func(t *translator, e Entry) {
			bindTo("http")(t, e)
			t.Give(e.Place, "redirect-https", "true")
		}),
		mapped("protocol socket-protocol", "bind", "`http` and `uwsgi`; others are refused", checkProtocol),
		mapped("chmod-socket chmod", "bind", "as `?mode=`; 666 without a value", checkMode),
		mapped("chown-socket", "bind", "as `?owner=` and `&group=`", keep),
		mapped("listen", "backlog", "", number("backlog", "")),
		mapped("reuse-port", "reuse-port", "", boolean("reuse-port")),
		refused("https2 suwsgi-socket ssl-socket sni sni-dir sni-regexp sni-dir-ciphers ssl-option ssl-enable-sslv3 ssl-enable-tlsv1 ssl-enable3 ssl-verify-depth", "write bind = [\"https://ADDRESS\"] with certfile and keyfile: several certificates are chosen by name"),
		refused("fastcgi-modifier1 fastcgi-modifier2 scgi-modifier1 scgi-modifier2 raw-modifier1 raw-modifier2 fastcgi-socket fastcgi-nph-socket scgi-socket scgi-nph-socket raw-socket puwsgi-socket udp", "Highball speaks HTTP and the uwsgi protocol: use http-socket or socket"),
		refused("shared-socket undeferred-shared-socket zerg zerg-*", "sockets are handed on with systemd, see DEPLOYMENT.md, or to the next program by SIGUSR2"),
		refused("http-to http-use-pattern http-use-base http-subscription-server http-modifier1 http-modifier2 http-subscription-fallback-key http-zerg http-use-cache http-use-code-string http-use-socket http-fallback",
			"Highball serves its own application only: put nginx in front to route to others"),
		refused("enable-proxy-protocol http-enable-proxy-protocol", "write bind = [\"proxy+http://ADDRESS\"] and the proxies in trusted-proxies"),
		left("https-export-cert https-session-context ssl-tmp-dir ssl-verbose", "see tls-profile and client-cert"),
		left("map-socket", "each worker serves each socket"),
		left("http-uid http-gid", "there is no router process: the server has the user that uid names"),
		obeyed("abstract-socket", "`@NAME` is a socket without a file"),
	}
}

func keep(*translator, Entry) {}

// bindTo maps an address.
func bindTo(protocol string) func(*translator, Entry) {
	return func(t *translator, e Entry) {
		if e.Value == "" {
			t.Refuse(e.Place, e.Key, "want an address, as in 127.0.0.1:8000 or /run/app.sock")
			return
		}
		t.sockets = append(t.sockets, socket{e, protocol, e.Value})
	}
}

// bindTLS takes ADDRESS,CERT,KEY[,CIPHERS[,CLIENT CA]].
func bindTLS(t *translator, e Entry) {
	parts := strings.Split(e.Value, ",")
	if len(parts) < 3 {
		t.Refuse(e.Place, e.Key, "want ADDRESS,CERTFILE,KEYFILE")
		return
	}
	t.sockets = append(t.sockets, socket{e, "https", parts[0]})
	t.append(e.Place, "certfile", parts[1])
	t.append(e.Place, "keyfile", parts[2])
	if len(parts) > 4 && parts[4] != "" {
		ca, required := strings.CutPrefix(parts[4], "!")
		t.Give(e.Place, "client-ca", ca)
		if required {
			t.Give(e.Place, "client-cert", "required")
		}
	}
}

func checkProtocol(t *translator, e Entry) {
	if e.Value != "http" && e.Value != "uwsgi" && e.Value != "https" {
		t.Refuse(e.Place, e.Key, "Highball speaks http and uwsgi, not "+e.Value)
	}
}

func checkMode(t *translator, e Entry) {
	if n, err := strconv.ParseUint(e.Value, 8, 32); e.Value != "" && (err != nil || n > 0o777) {
		t.Refuse(e.Place, e.Key, strconv.Quote(e.Value)+" is no octal mode, as in 660")
	}
}

// bindAll gives the addresses, with what other options say of them all.
func (t *translator) bindAll() {
	for _, s := range t.sockets {
		protocol := s.protocol
		if protocol == "" {
			if protocol = t.valueOf("protocol", "socket-protocol"); protocol == "" {
				protocol = "uwsgi"
			}
		}
		address, ok := t.address(s)
		if !ok {
			continue
		}
		if protocol != "http" {
			address = protocol + "://" + address
		}
		t.append(s.Place, "bind", address)
	}
	_, systemd := t.sys.getenv("LISTEN_FDS")
	switch {
	case len(t.sockets) > 0:
	case systemd && t.valueOf("protocol", "socket-protocol") != "http":
		t.append("variable LISTEN_FDS", "bind", "uwsgi://systemd:")
	}
}

// CheckComplete refuses what says neither what to serve nor where.
func CheckComplete(tr migrate.Translation, sys System) error {
	gives := func(name string) bool {
		return slices.ContainsFunc(tr.Given, func(g settings.Given) bool { return g.Name == name })
	}
	if _, systemd := sys.getenv("LISTEN_FDS"); !systemd && !gives("bind") {
		return errors.New("no option says where to listen: give --http, --http-socket or --socket")
	}
	if !gives("app") && !gives("mount") {
		return errors.New("no option names an application: give --module or --wsgi-file")
	}
	return nil
}

// valueOf is the value that counts of an option with several names.
func (t *translator) valueOf(names ...string) string {
	for _, name := range names {
		if e, ok := t.last[name]; ok {
			return e.Value
		}
	}
	return ""
}

// address writes an address as bind takes it. What has no colon is the path of a Unix socket.
func (t *translator) address(s socket) (string, bool) {
	switch {
	case strings.HasPrefix(s.address, "="):
		t.Refuse(s.Place, s.Key, "shared sockets are not supported: name the address itself")
		return "", false
	case strings.HasPrefix(s.address, "fd://"):
		return s.address, true
	case strings.HasPrefix(s.address, "@"):
		return "unix:" + s.address, true
	case !strings.Contains(s.address, ":"):
		path := t.below(s.address)
		if !filepath.IsAbs(path) {
			path = filepath.Join(t.sys.Dir, path)
		}
		return "unix:" + path + t.socketOptions(), true
	}
	host, port := s.address[:strings.LastIndexByte(s.address, ':')], s.address[strings.LastIndexByte(s.address, ':')+1:]
	if !regexp.MustCompile(`^\d+$`).MatchString(port) {
		t.Refuse(s.Place, s.Key, strconv.Quote(s.address)+" ends in no port")
		return "", false
	}
	if host == "" || host == "*" { // IPv4 alone, as uWSGI has it
		host = "0.0.0.0"
	}
	return host + ":" + port, true
}

// socketOptions are those of a Unix socket's file.
func (t *translator) socketOptions() string {
	var options []string
	for _, name := range []string{"chmod-socket", "chmod"} {
		if e, ok := t.last[name]; ok {
			mode := e.Value
			if mode == "" {
				mode = "666"
			}
			options = append(options, "mode="+mode)
			break
		}
	}
	if owner, group, _ := strings.Cut(t.valueOf("chown-socket"), ":"); owner+group != "" {
		if owner != "" {
			options = append(options, "owner="+url.QueryEscape(owner))
		}
		if group != "" {
			options = append(options, "group="+url.QueryEscape(group))
		}
	}
	if len(options) == 0 {
		return ""
	}
	return "?" + strings.Join(options, "&")
}
