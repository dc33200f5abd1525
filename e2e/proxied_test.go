package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// seen is what a framework believes of a request.
type seen struct {
	Address, URL, Host, Root string
	Secure                   bool
}

const proxySays = "X-Forwarded-For: 198.51.100.66, 192.0.2.1|X-Forwarded-Proto: https|X-Forwarded-Host: shop.test"

// behindTrusted asks a framework what it sees behind a proxy that is trusted, and in front
// of one that is not. Nothing is set up in the framework.
func behindTrusted(t *testing.T, module, app string, args ...string) {
	t.Helper()
	s := framework(t, module, app, append(args, "--trusted-proxies", "127.0.0.1")...)
	public := seen{Address: "192.0.2.1", URL: "https://shop.test/client", Host: "shop.test", Root: "https://shop.test/", Secure: true}
	for name, tt := range map[string]struct {
		fields string
		want   seen
	}{
		"as usual": {proxySays, public},
		"a port": {proxySays + "|X-Forwarded-Port: 8443", seen{
			Address: "192.0.2.1", URL: "https://shop.test:8443/client", Host: "shop.test:8443", Root: "https://shop.test:8443/", Secure: true,
		}},
		"the standard one": {proxySays + "|X-Forwarded-Port: 443", public},
		"a prefix": {proxySays + "|X-Forwarded-Prefix: /a", seen{
			Address: "192.0.2.1", URL: "https://shop.test/a/client", Host: "shop.test", Root: "https://shop.test/a/", Secure: true,
		}},
		"in the clear": {"X-Forwarded-For: 2001:db8::1|X-Forwarded-Proto: http", seen{
			Address: "2001:db8::1", URL: "http://test.example/client", Host: "test.example", Root: "http://test.example/",
		}},
	} {
		var got seen
		s.Get(t, "/client", strings.Split(tt.fields, "|")...).JSON(t, &got)
		want(t, module+", "+name, got, tt.want)
	}
	s.valid()
}

// forgedAway asks the same of one that believes everything, where nobody is trusted.
func forgedAway(t *testing.T, module, app string, args ...string) {
	t.Helper()
	s := framework(t, module, app, args...)
	var got seen
	s.Get(t, "/client", strings.Split(proxySays, "|")...).JSON(t, &got)
	host := got.Host
	want(t, module+", forged", got, seen{Address: "127.0.0.1", URL: "http://" + host + "/client", Host: host, Root: "http://" + host + "/"})
	if strings.Contains(host, "shop") {
		t.Errorf("the host is %s", host)
	}
}

func TestFlaskBehindAProxy(t *testing.T) { behindTrusted(t, "flask", "flask_site") }

func TestFlaskForged(t *testing.T) { forgedAway(t, "flask", "flask_site") }

func TestDjangoBehindAProxy(t *testing.T) {
	behindTrusted(t, "django", "django_site", "--env", "DJANGO_DB="+filepath.Join(t.TempDir(), "db.sqlite3"))
}

// Django's own settings for proxies read the same truth, and no forgery.
func TestDjangoSetUpForAProxy(t *testing.T) {
	behindTrusted(t, "django", "django_site", "--env", "DJANGO_PROXIED=1", "--env", "DJANGO_DB="+filepath.Join(t.TempDir(), "db.sqlite3"))
}

func TestDjangoForged(t *testing.T) {
	forgedAway(t, "django", "django_site", "--env", "DJANGO_PROXIED=1", "--env", "DJANGO_DB="+filepath.Join(t.TempDir(), "db.sqlite3"))
}

// Werkzeug's ProxyFix, where an application has it, finds what is believed, however many
// proxies it was told of.
func TestProxyFix(t *testing.T) {
	for _, hops := range []string{"1", "2"} {
		t.Run(hops, func(t *testing.T) {
			python := venv(t, "werkzeug")
			t.Parallel()
			s := harness.Start(t, harness.Options{
				App: "flask_site/wsgi.py", Python: python,
				Args: []string{"--workers", "1", "--trusted-proxies", "127.0.0.1", "--trusted-proxies", "10.0.0.0/8", "--middleware", "proxyfix:hops" + hops},
			})
			var got seen
			s.Get(t, "/client", "X-Forwarded-For: 198.51.100.66, 192.0.2.1, 10.0.0.2", "X-Forwarded-Proto: https, http", "X-Forwarded-Host: shop.test").JSON(t, &got)
			want(t, "behind two proxies", got, seen{Address: "192.0.2.1", URL: "https://shop.test/client", Host: "shop.test", Root: "https://shop.test/", Secure: true})
		})
	}
}
