package acme

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
)

// kept is one name and its certificate. One goroutine, run, works on it.
type kept struct {
	m        *Manager
	name     string
	onDemand bool
	log      *slog.Logger

	cache   *certmagic.Cache // a place to work in, empty between two looks
	config  *certmagic.Config
	current atomic.Pointer[tls.Certificate] // what is served; nil: none yet

	trouble atomic.Pointer[string] // why the last try has failed; nil: it has not

	now     chan struct{} // has it looked at without waiting
	first   chan struct{} // closed after the first try
	failed  error         // of a name on demand that could not be had; written before first is closed
	expires time.Time     // of such a name: when it may be tried again
}

func (m *Manager) newKept(name string, onDemand bool) *kept {
	k := &kept{m: m, name: name, onDemand: onDemand, now: make(chan struct{}, 1), first: make(chan struct{}), cache: m.newCache()}
	k.config = m.newConfig(k.cache)
	k.log = m.opts.Logger.With("name", name)
	return k
}

// load serves what the directory has, without asking anybody for a staple: who answers
// for those may be as far away as the authority.
func (k *kept) load(ctx context.Context) error {
	plain := *k.config
	plain.OCSP.DisableStapling = true
	cert, err := plain.CacheManagedCertificate(ctx, k.name)
	if err != nil {
		return err
	}
	k.empty()
	k.publish(cert.Certificate)
	k.log.Info("certificate loaded", "until", cert.Leaf.NotAfter, "from", issuerOf(cert.Leaf))
	return nil
}

// run looks at the certificate again and again until ctx ends, or until nobody needs it.
func (k *kept) run(ctx context.Context) {
	for failures := 0; ; {
		err := k.tend(ctx, failures)
		if ctx.Err() != nil {
			k.over(ctx.Err(), 0)
			return
		}
		wait := interval(k.leaf())
		k.setInterval(wait)
		if failures++; err == nil {
			failures = 0
			k.trouble.Store(nil)
		} else {
			wait = k.m.opts.wait(failures)
			k.complain(err, wait)
		}
		if k.over(err, wait) {
			return
		}
		select {
		case <-ctx.Done():
		case <-k.now:
		case <-time.After(about(wait)):
		}
	}
}

// over tells those who wait for a first certificate, and says whether this was all: a
// name on demand is not tried again, and not renewed past its end, before somebody asks.
func (k *kept) over(err error, wait time.Duration) bool {
	leaf := k.leaf()
	given := err != nil && k.onDemand && (leaf == nil || time.Now().After(leaf.NotAfter))
	select {
	case <-k.first:
		if given {
			k.m.forget(k)
		}
	default:
		if given {
			k.failed, k.expires = err, time.Now().Add(wait)
		}
		close(k.first)
	}
	return given
}

// tend gets the certificate if there is none, renews it if it is time or if it was
// revoked, and serves what there is then.
func (k *kept) tend(ctx context.Context, failures int) error {
	a, before := &attempt{tries: failures}, k.leaf()
	ctx, a.cancel = context.WithTimeout(ctx, attemptTime)
	defer a.cancel()
	ctx = a.context(ctx)
	if err := k.m.guard.stand(k.m.acme); err != nil {
		return err
	}
	err := k.config.ManageSync(ctx, []string{k.name})
	if err != nil && a.failed == nil && k.mend(ctx) {
		err = k.config.ManageSync(ctx, []string{k.name})
	}
	for _, cert := range k.cache.AllMatchingCertificates(k.name) {
		if newer(cert.Certificate, k.current.Load()) {
			k.publish(cert.Certificate)
		}
	}
	k.empty()
	if err != nil && a.failed != nil {
		err = a.failed // what certmagic itself would have tried again
	}
	if err == nil {
		k.report(a, before)
	}
	return err
}

// newer says whether cert is to be served instead of old: a staple may be what is new.
func newer(cert tls.Certificate, old *tls.Certificate) bool {
	return old == nil || !cert.Leaf.NotBefore.Before(old.Leaf.NotBefore)
}

func (k *kept) publish(cert tls.Certificate) { k.current.Store(&cert) }

func (k *kept) empty() {
	k.cache.RemoveManaged([]certmagic.SubjectIssuer{{Subject: k.name}})
}

func (k *kept) setInterval(d time.Duration) {
	k.cache.SetOptions(certmagic.CacheOptions{GetConfigForCert: ours, RenewCheckInterval: d, Logger: k.m.zap()})
}
