package gunicorn

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// bind gives the addresses with what other settings say of them.
func (t *translator) bind(e Entry) {
	prefix := t.bindPrefix()
	if t.cfg.Systemd { // gunicorn takes its sockets in the place of all addresses, too
		t.Give("LISTEN_FDS", e.to(), prefix+"systemd:")
		return
	}
	var addresses []string
	for _, text := range t.cfg.texts(e.Name) {
		address, err := t.address(text)
		if err != nil {
			t.Refuse(e.Place, e.Name, err.Error())
			return
		}
		addresses = append(addresses, prefix+address)
	}
	if len(addresses) == 0 {
		t.Refuse(e.Place, e.Name, "there is no address to listen on")
		return
	}
	t.Give(e.Place, e.to(), addresses...)
}

// bindPrefix is what connections are made of.
func (t *translator) bindPrefix() (prefix string) {
	if t.cfg.text("proxy_protocol") != "off" {
		prefix = "proxy+"
	}
	switch {
	case t.cfg.text("protocol") == "uwsgi":
		prefix += "uwsgi://"
	case t.cfg.has("certfile"):
		prefix += "https://"
	}
	return prefix
}

func (t *translator) address(text string) (string, error) {
	parsed, err := parseAddress(text, "8000")
	switch a := parsed.(type) {
	case string:
		mode := 0o777 &^ t.cfg.number("umask")
		return fmt.Sprintf("unix:%s?mode=%03o%s", t.path(a), mode, t.socketOwner()), nil
	case int64:
		return fmt.Sprintf("fd://%d", a), nil
	case []any:
		host, port := a[0].(string), a[1].(int64)
		if host == "" {
			host = "0.0.0.0"
		}
		return net.JoinHostPort(host, strconv.FormatInt(port, 10)), nil
	}
	return "", err
}

// socketOwner has the file of a socket belong to whom the workers run as.
func (t *translator) socketOwner() (options string) {
	for _, o := range []struct{ setting, option string }{{"user", "owner"}, {"group", "group"}} {
		if id, ok := t.cfg.entries[o.setting].Value.(int64); ok && t.cfg.entries[o.setting].Given {
			options += fmt.Sprintf("&%s=%d", o.option, id)
		}
	}
	return options
}

func (t *translator) protocol(e Entry) {
	switch text := t.cfg.text(e.Name); {
	case text == "uwsgi" && t.cfg.has("certfile"):
		t.Refuse(e.Place, e.Name, "uwsgi is not spoken by TLS: leave certfile out")
	case text != "http" && text != "uwsgi":
		t.Refuse(e.Place, e.Name, fmt.Sprintf("%q is not one of http, uwsgi", text))
	}
}

// Who is believed.

// trusted is the list for fields, which gunicorn always takes from Unix sockets.
func (t *translator) trusted(e Entry) {
	t.Give(e.Place, e.to(), append(t.cfg.texts(e.Name), "unix")...)
}

func (t *translator) proxyNetworks(e Entry) {
	t.sameNetworks(e, t.cfg.text("proxy_protocol") != "off", "proxy_protocol is on")
}

func (t *translator) uwsgiNetworks(e Entry) {
	t.sameNetworks(e, t.cfg.text("protocol") == "uwsgi", `protocol is "uwsgi"`)
}

// sameNetworks refuses a second list where it would say something else.
func (t *translator) sameNetworks(e Entry, counts bool, why string) {
	fields := t.cfg.entries["forwarded_allow_ips"]
	same := strings.Join(t.cfg.texts(e.Name), ",") == strings.Join(t.cfg.texts(fields.Name), ",")
	switch {
	case counts && !same:
		place := e.Place
		if !e.Given {
			place = fields.Place
		}
		t.Refuse(place, e.Name, "one list says who is believed, and "+why+": make forwarded_allow_ips the same")
	case !counts && e.Given && t.differs(e):
		t.Leave(e.Place, e.Name, "it would count only where "+why)
	}
}

// schemeHeaders: the fields that tell of https, which are fields of ours.
func (t *translator) schemeHeaders(e Entry) {
	if !e.Given || !t.differs(e) {
		return
	}
	fields := []string{"x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix"}
	headers, _ := e.Value.(map[string]any)
	for name, v := range headers {
		text, _ := v.(string)
		switch strings.ToUpper(name) + ": " + strings.ToLower(text) {
		case "X-FORWARDED-PROTO: https":
			fields = append(fields, "x-forwarded-proto")
		case "X-FORWARDED-SSL: on":
			fields = append(fields, "x-forwarded-ssl")
		case "X-FORWARDED-PROTOCOL: ssl":
		default:
			t.Refuse(e.Place, e.Name, fmt.Sprintf("%s: %s is not looked at: have the proxy send X-Forwarded-Proto: https", name, text))
			return
		}
	}
	t.Give(e.Place, e.to(), fields...)
}

func (t *translator) forwarderHeaders(e Entry) {
	if !e.Given {
		return
	}
	for _, name := range t.cfg.texts(e.Name) {
		if upper := strings.ToUpper(name); upper != "SCRIPT_NAME" && upper != "PATH_INFO" {
			t.Refuse(e.Place, e.Name, name+" is taken from nobody: a proxy that knows the user speaks uwsgi, where REMOTE_USER is a variable")
			return
		}
	}
}

func (t *translator) headerMap(e Entry) {
	switch t.cfg.text(e.Name) {
	case "dangerous":
		t.Refuse(e.Place, e.Name, "fields with an underscore are always dropped, since they pass for others: rename the field")
	case "refuse":
		t.Leave(e.Place, e.Name, "a field with an underscore is dropped, its request is served")
	}
}

// Certificates.

func (t *translator) certificate(e Entry) {
	switch {
	case !t.cfg.has(e.Name):
	case e.Name == "keyfile" && !t.cfg.has("certfile"):
		t.Refuse(e.Place, e.Name, "a key is of no use without its certificate: give certfile, too")
	default:
		t.Give(e.Place, e.to(), t.path(e.Value.(string)))
	}
}

func (t *translator) clientCert(e Entry) {
	n := t.cfg.number(e.Name)
	authorities := t.cfg.entries["ca_certs"]
	switch {
	case n == 0 && t.cfg.has("ca_certs"):
		t.Leave(authorities.Place, authorities.Name, "no client is asked for a certificate without cert_reqs")
	case n == 0:
	case n > 2:
		t.Refuse(e.Place, e.Name, "it is 0 (none), 1 (optional) or 2 (required)")
	case !t.cfg.has("certfile"):
		t.Leave(e.Place, e.Name, "there is no TLS without certfile")
	case !t.cfg.has("ca_certs"):
		t.Refuse(e.Place, e.Name, "no client could show a valid certificate: give ca_certs")
	default:
		t.Give(e.Place, e.to(), [...]string{1: "optional", 2: "required"}[n])
		t.Give(authorities.Place, "client-ca", t.path(authorities.Value.(string)))
	}
}

func (t *translator) protocols(e Entry) {
	if names := strings.Join(t.cfg.texts(e.Name), ","); e.Given && names != "h1,h2" && names != "h2,h1" {
		t.Leave(e.Place, e.Name, e.Note)
	}
}
