package harness

import (
	"crypto/tls"
	"net"
	"sync"
)

// Wire is a protocol that a server is spoken to in.
type Wire struct {
	Name     string
	Listener string  // the protocol of the --bind: "http", "https", "h3", "uwsgi"
	Protocol string  // what SERVER_PROTOCOL says
	Scheme   string  // what wsgi.url_scheme says
	can      Ability // see abilities.go
	open     func(address string) (line, error)
}

// Can says whether the protocol expresses all of this.
func (w Wire) Can(all ...Ability) bool {
	for _, a := range all {
		if w.can&a != a {
			return false
		}
	}
	return true
}

// Wires are all protocols, whether the binary has them or not.
func Wires() []Wire {
	return []Wire{
		{"h1", "http", "HTTP/1.1", "http", text | Remains | Connections | Framing | PlainHTTP, openText},
		{"https", "https", "HTTP/1.1", "https", text | Remains | Connections | Framing, openSecureText},
		{"h2c", "http", "HTTP/2.0", "http", Streams | Remains | Connections | Framing | PlainHTTP, openH2C},
		{"h2", "https", "HTTP/2.0", "https", Streams | Remains | Connections | Framing, openH2},
		{"h3", "h3", "HTTP/3.0", "https", Streams | Connections | Framing, openH3},
		{"uwsgi", "uwsgi", "HTTP/1.1", "https", Reason | Spelling | HalfClose | Remains, openUWSGI},
	}
}

// Spoken are the wires that the binary listens for.
var Spoken = sync.OnceValue(func() (spoken []Wire) {
	for _, w := range Wires() {
		if Refusal(w) == "" {
			spoken = append(spoken, w)
		}
	}
	return spoken
})

func dial(address string) (net.Conn, error) { return net.DialTimeout("tcp", address, Patience) }

func dialTLS(address, protocol string) (net.Conn, error) {
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: Patience}, "tcp", address, theCertificate().client(protocol))
	if err != nil {
		return nil, err // a nil *tls.Conn would be no nil
	}
	return c, nil
}

func openText(address string) (line, error) {
	c, err := dial(address)
	if err != nil {
		return nil, err
	}
	return newTextLine(c), nil
}

func openSecureText(address string) (line, error) {
	c, err := dialTLS(address, "http/1.1")
	if err != nil {
		return nil, err
	}
	return newTextLine(c), nil
}

func openH2C(address string) (line, error) {
	c, err := dial(address)
	if err != nil {
		return nil, err
	}
	return newH2Line(c)
}

func openH2(address string) (line, error) {
	c, err := dialTLS(address, "h2")
	if err != nil {
		return nil, err
	}
	return newH2Line(c)
}

func openH3(address string) (line, error) { return newH3Line(address, theCertificate()) }

func openUWSGI(address string) (line, error) { return &uwsgiLine{address: address}, nil }
