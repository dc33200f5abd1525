package highball

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"highball/internal/front"
	"highball/internal/listen"
	"highball/internal/proxied"
)

// DefaultProxyHeaders is X-Forwarded-For, -Proto, -Host, -Port and -Prefix.
const DefaultProxyHeaders = "x-forwarded"

func (c *Config) proxyDefaults() {
	if len(c.ProxyHeaders) == 0 {
		c.ProxyHeaders = []string{DefaultProxyHeaders}
	}
}

func (c *Config) checkProxies() error {
	if _, err := proxied.ParseFields(c.ProxyHeaders); err != nil {
		return err
	}
	for _, bind := range c.Bind {
		b, err := listen.ParseBind(bind)
		if err == nil && b.Proxied && len(c.TrustedProxies) == 0 {
			err = errors.New("nobody may connect there: name the proxy in trusted-proxies")
		}
		if err != nil {
			return fmt.Errorf("bind %s: %w", bind, err)
		}
	}
	return nil
}

// behindProxies puts what believes proxies in front of a handler.
func (s *Server) behindProxies() (around func(http.Handler) http.Handler, err error) {
	fields, err := proxied.ParseFields(s.cfg.ProxyHeaders)
	if err != nil {
		return nil, err
	}
	if s.trust, err = proxied.NewTrust(s.cfg.TrustedProxies, s.cfg.Dir); err != nil {
		return nil, err
	}
	if wide := s.trust.Wide(); len(wide) > 0 {
		s.logger.Warn("everybody is trusted as a proxy: any client that can connect can say who it is and how it came",
			"trusted_proxies", strings.Join(wide, ", "))
	}
	return func(next http.Handler) http.Handler {
		return proxied.New(next, proxied.Options{Trust: s.trust, Fields: fields, FinalOnly: proxied.FinalOnly(s.cfg.ProxyHeaders), Refused: front.Refused, Logger: s.logger})
	}, nil
}

// speaksForOthers says whether a peer of a uwsgi listener may say who asks, and how. A
// Unix socket is used by whom the permissions of its file let; on TCP it is those of
// TrustedProxies, and who has named none has a proxy on this machine.
func (s *Server) speaksForOthers(peer net.Addr) bool {
	switch peer := peer.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return s.trust.Trusts(peer) || len(s.cfg.TrustedProxies) == 0 && peer.IP.IsLoopback()
	}
	return false
}
