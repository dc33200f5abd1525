package acme

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
)

// LetsEncrypt is the directory of Let's Encrypt, which is asked by default.
const LetsEncrypt = certmagic.LetsEncryptProductionCA

// The challenges by which an authority may see that a name is ours.
const (
	HTTP01    = "http-01"     // RFC 8555 8.3: a path on port 80
	TLSALPN01 = "tls-alpn-01" // RFC 8737: a handshake on port 443
)

// DNS puts TXT records where an authority looks for them (RFC 8555 8.4).
type DNS interface {
	// Present adds the record, and returns when the authority may look for it. Other
	// values of the same name stay: there may be several at a time.
	Present(ctx context.Context, name, value string) error

	// CleanUp removes what Present has added.
	CleanUp(ctx context.Context, name, value string) error
}

// Options says which certificates to have, and from where.
type Options struct {
	Names    []string // to have from the start: host names, "*.example.test" with DNS, IP addresses
	OnDemand []string // to get when first asked for: host names and "*.example.test"

	Dir        string // where all is kept, of this process's user alone
	CA         string // the authority's directory; default: LetsEncrypt
	Roots      *x509.CertPool
	Email      string
	Challenges []string // default: HTTP01 and TLSALPN01
	DNS        DNS      // instead of Challenges
	Logger     *slog.Logger

	issuer  certmagic.Issuer // of tests
	backoff []time.Duration
}

func (o Options) withDefaults() Options {
	o.CA = cmp.Or(o.CA, LetsEncrypt)
	if len(o.Challenges) == 0 {
		o.Challenges = []string{HTTP01, TLSALPN01}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.backoff == nil {
		o.backoff = retries()
	}
	return o
}

func (o Options) check() error {
	if len(o.Names)+len(o.OnDemand) == 0 {
		return errors.New("no name to have a certificate for")
	}
	for _, c := range o.Challenges {
		if c != HTTP01 && c != TLSALPN01 {
			return fmt.Errorf("%q is no challenge: want %s or %s", c, HTTP01, TLSALPN01)
		}
	}
	for _, name := range o.Names {
		if err := checkName(name); err != nil {
			return err
		}
		if strings.HasPrefix(name, "*.") && o.DNS == nil {
			return fmt.Errorf("%s: a certificate for a pattern needs a challenge by DNS: name each host, or allow them on demand", name)
		}
	}
	for _, name := range o.OnDemand {
		if err := checkName(name); err != nil {
			return err
		}
	}
	return nil
}

// checkName says whether a certificate can be for it: a host name (RFC 1123 2.1), one
// with "*" as its first label, or an IP address.
func checkName(name string) error {
	if _, err := netip.ParseAddr(name); err == nil {
		return nil
	}
	host := strings.TrimPrefix(name, "*.")
	if host == "" || len(host) > 253 || strings.Contains(name, "*") && !strings.Contains(host, ".") {
		return badName(name)
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool { return !isLabel(r) }) {
			return badName(name)
		}
	}
	return nil
}

func badName(name string) error {
	return fmt.Errorf(`%q is no host name: want one as "www.example.com", without scheme and port (others than ASCII as xn--...)`, name)
}

func isLabel(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// offers says whether a challenge may be used.
func (o Options) offers(challenge string) bool {
	return o.DNS == nil && slices.Contains(o.Challenges, challenge)
}

// Roots reads certificates of authorities from a PEM file.
func Roots(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate: want one or more in PEM", file)
	}
	return pool, nil
}

// DefaultDir is where certificates are kept if nothing is said of it: in what systemd has
// made for the service, in the user's own data, or below /var/lib. uid is whose service
// it is.
func DefaultDir(getenv func(string) string, uid int) string {
	state, _, _ := strings.Cut(getenv("STATE_DIRECTORY"), ":")
	home := getenv("HOME")
	switch {
	case state != "":
		return filepath.Join(state, "acme")
	case getenv("XDG_DATA_HOME") != "":
		return filepath.Join(getenv("XDG_DATA_HOME"), "highball", "acme")
	case uid != 0 && home != "" && isDir(home):
		return filepath.Join(home, ".local", "share", "highball", "acme")
	}
	return "/var/lib/highball/acme"
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
