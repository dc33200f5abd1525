package highball

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"highball/internal/acme"
	"highball/internal/certs"
	"highball/internal/localca"
)

// ACME says for which names the server gets certificates by itself, and from whom. It is
// in use if it has Names or OnDemand.
type ACME struct {
	// Names are host names (and IP addresses, where the authority gives certificates for
	// them) that have a certificate from the start. "*.example.com" needs DNS.
	Names []string

	// OnDemand are names that get one when a client first asks for it: host names, or
	// "*.example.com" for any one label before example.com. Ten new ones at once, then one
	// each two minutes, and a thousand in all.
	OnDemand []string

	// Directory is the URL of the authority's ACME directory. Default: Let's Encrypt.
	// Using it is agreeing to its terms.
	Directory string

	// Root is a PEM file with the certificates that Directory's own is checked by.
	// Default: those that the system trusts.
	Root string

	// Email is where the authority may write to. Default: nowhere.
	Email string

	// Dir is where keys and certificates are kept, below a directory of the server's user
	// alone. Processes may share it, also those of several machines if its file system
	// has locks. Default: acme in $STATE_DIRECTORY, highball/acme in $XDG_DATA_HOME,
	// ~/.local/share (not for root), or /var/lib.
	Dir string

	// Challenges are the ways in which the authority may see that a name is ours:
	// "http-01" (it asks port 80) and "tls-alpn-01" (it asks port 443). Default: both.
	Challenges []string

	// DNS, if set, answers the challenge dns-01 instead of those.
	DNS DNSChallenge
}

// DNSChallenge puts TXT records where an authority looks for them (RFC 8555 8.4).
type DNSChallenge interface {
	// Present adds a record of that name, "_acme-challenge.example.com", beside others of
	// the same, and returns when the authority may look for it.
	Present(ctx context.Context, name, value string) error

	// CleanUp removes that record.
	CleanUp(ctx context.Context, name, value string) error
}

func (a *ACME) inUse() bool { return len(a.Names)+len(a.OnDemand) > 0 }

// automatic are the certificates that the server gets, or makes, by itself.
type automatic struct {
	acme  *acme.Manager   // nil: none are got
	local *localca.Source // nil: none are made
	work  *sync.WaitGroup
}

// checkACME refuses what cannot be meant.
func (c *Config) checkACME() error {
	a := &c.ACME
	if !a.inUse() {
		if a.DNS != nil || a.Directory != "" || a.Root != "" || a.Email != "" || len(a.Challenges) > 0 {
			return errors.New("acme: an authority is named, but no name to get a certificate for: add --https NAME, or --acme-on-demand NAME")
		}
		return nil
	}
	if a.Directory != "" && !strings.HasPrefix(a.Directory, "https://") {
		return fmt.Errorf("acme-ca: %q is no https URL: want that of an ACME directory", a.Directory)
	}
	return nil
}

// automaticDefaults are for who says that there is to be https, and not where.
func (c *Config) automaticDefaults() {
	if c.ACME.Dir == "" {
		c.ACME.Dir = acme.DefaultDir(os.Getenv, os.Geteuid())
	}
	if len(c.Bind) > 0 {
		return
	}
	binds, redirect := c.AutomaticBinds()
	c.Bind, c.TLS.Redirect = binds, c.TLS.Redirect || redirect
}

// AutomaticBinds is what Bind is without a word of it, and whether TLS.Redirect is set
// then: nil where neither ACME nor LocalHTTPS asks for https.
func (c *Config) AutomaticBinds() (binds []string, redirect bool) {
	switch {
	case c.ACME.inUse():
		return []string{":80", "https://:443", "h3://:443"}, true
	case c.LocalHTTPS:
		return []string{DefaultLocalBind}, false
	}
	return nil, false
}

func (c *Config) newAutomatic(children localca.Children) (a automatic, err error) {
	a.work = new(sync.WaitGroup)
	if c.LocalHTTPS {
		a.local = localca.New(localca.Options{Dir: filepath.Join(c.ACME.Dir, "local"), Logger: c.Logger, Children: children})
	}
	if !c.ACME.inUse() {
		return a, nil
	}
	o := acme.Options{
		Names: c.ACME.Names, OnDemand: c.ACME.OnDemand, Dir: c.ACME.Dir, CA: c.ACME.Directory,
		Email: c.ACME.Email, Challenges: c.ACME.Challenges, Logger: c.Logger,
	}
	if c.ACME.DNS != nil {
		o.DNS = c.ACME.DNS
	}
	if c.ACME.Root != "" {
		if o.Roots, err = acme.Roots(c.ACME.Root); err != nil {
			return a, fmt.Errorf("acme-ca-root: %w", err)
		}
	}
	if a.acme, err = acme.New(o); err != nil {
		return a, fmt.Errorf("https: %w", err)
	}
	return a, nil
}

// sources are what the certificates are looked for in, besides files.
func (a automatic) sources() (all []certs.Source) {
	if a.local != nil {
		all = append(all, a.local)
	}
	if a.acme != nil {
		all = append(all, a.acme)
	}
	return all
}

// protocols are what https listeners offer besides.
func (a automatic) protocols() []string {
	if a.acme == nil {
		return nil
	}
	return []string{acme.ALPN}
}

// open is called when all privileges have been given up.
func (a automatic) open() error {
	if a.local != nil {
		if err := a.local.Open(); err != nil {
			return fmt.Errorf("local-https: %w", err)
		}
	}
	if a.acme != nil {
		return a.acme.Open()
	}
	return nil
}

// begin is called when requests are taken: authorities ask some.
func (a automatic) begin(ctx context.Context) {
	if a.acme != nil {
		a.acme.Start()
	}
	if a.local != nil {
		a.work.Go(func() { a.local.Trust(ctx) })
	}
}

// look tries again what has failed.
func (a automatic) look() {
	if a.acme != nil {
		a.acme.Look()
	}
}

func (a automatic) end() {
	a.work.Wait()
	if a.acme != nil {
		a.acme.Close()
	}
}

// answering is h behind the answers to challenges by http: no redirect may come first.
func (a automatic) answering(h http.Handler) http.Handler {
	if a.acme == nil {
		return h
	}
	return a.acme.Handler(h)
}
