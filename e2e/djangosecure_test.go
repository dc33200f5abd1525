package e2e

import (
	"testing"

	"highball/e2e/harness"
)

// What request.is_secure() says, however SECURE_PROXY_SSL_HEADER is set, is how the client
// came: by the listener, or by the word of a proxy that is trusted, and by nobody else's.
func TestDjangoIsSecure(t *testing.T) {
	p := newShop(t)
	for _, header := range []string{"", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_SSL"} {
		var env []string
		if header != "" {
			env = []string{"SHOP_PROXY_HEADER=" + header}
		}
		for _, trust := range []string{"192.0.2.1", "127.0.0.1"} {
			t.Run(header+" trusts "+trust, func(t *testing.T) {
				o := harness.Listening(harness.Options{Dir: p.dir, Python: p.python, App: ".", Env: env, Args: []string{"--workers", "1", "--trusted-proxies", trust}})
				s := harness.Start(t, o)
				trusted := trust == "127.0.0.1"
				for _, c := range []struct {
					wire, fields string
					secure       bool
				}{
					{"h1", "", false},
					{"https", "", true},
					{"h1", "X-Forwarded-Proto: https", trusted},
					{"h1", "X-Forwarded-Proto: http", false},
					{"h1", "x_forwarded_proto: https", false},
					{"h1", "X-Forwarded-Ssl: on", false}, // is not among proxy-headers
					{"h1", "X-Forwarded-Ssl: https", false},
					{"h1", "X-Forwarded-Scheme: https", false},
					{"h1", "X-Forwarded-Protocol: https", false},
					{"https", "X-Forwarded-Proto: http", !trusted},
					{"h2", "X-Forwarded-Proto: https", true},
				} {
					if c.wire != "h1" && harness.OtherEngine() {
						continue // has no TLS here
					}
					var got struct {
						Secure bool
						Scheme string
					}
					var fields []string
					if c.fields != "" {
						fields = append(fields, c.fields)
					}
					s.Speak(wire(t, c.wire)).Get(t, "/secure", fields...).JSON(t, &got)
					if got.Secure != c.secure || (got.Scheme == "https") != c.secure {
						t.Errorf("%s with %q: secure %t, scheme %s, want %t", c.wire, c.fields, got.Secure, got.Scheme, c.secure)
					}
				}
			})
		}
	}
}
