package acme

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3/acme"
)

type attemptKey struct{}

// attempt is what certmagic tells of one look at a certificate.
type attempt struct {
	tries    int
	cancel   context.CancelFunc
	obtained bool
	renewed  bool
	failed   error
}

// context carries the attempt to onEvent. The number of failures before it has certmagic
// ask Let's Encrypt's staging first, which a name that cannot be had costs nothing.
func (a *attempt) context(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, certmagic.AttemptsCtxKey, &a.tries)
	return context.WithValue(ctx, attemptKey{}, a)
}

// onEvent hears of what certmagic does.
func onEvent(ctx context.Context, event string, data map[string]any) error {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	if a == nil {
		return nil
	}
	switch event {
	case "cert_obtained":
		a.obtained = true
		a.renewed, _ = data["renewal"].(bool)
	case "cert_failed":
		a.failed, _ = data["error"].(error)
		a.cancel() // there are waits of hours in it for some cases, which are ours to wait
	}
	return nil
}

// report says in one line that there is another certificate than before. Where servers
// share the directory, one of them gets it, and the others find it there.
func (k *kept) report(a *attempt, before *x509.Certificate) {
	leaf, what := k.leaf(), "certificate loaded"
	switch {
	case leaf == nil || !a.obtained && leaf.Equal(before):
		return
	case a.renewed:
		what = "certificate renewed"
	case a.obtained:
		what = "certificate obtained"
	}
	k.log.Info(what, "until", leaf.NotAfter, "from", issuerOf(leaf))
}

// complain says in one line why there is no new one, and what is done about it.
func (k *kept) complain(err error, wait time.Duration) {
	leaf, now, why := k.leaf(), time.Now(), reason(err)
	k.trouble.Store(&why)
	args := []any{"error", why}
	if !k.onDemand || leaf != nil {
		args = append(args, "tried_again_in", wait.Round(time.Second))
	}
	switch {
	case leaf == nil:
		k.log.Error("no certificate: https connections for this name fail", args...)
	case now.After(leaf.NotAfter):
		k.log.Error("the certificate has expired and could not be renewed: it is served all the same, and clients refuse it",
			append(args, "expired", leaf.NotAfter)...)
	default:
		k.log.Warn("the certificate could not be renewed: it is served while it is valid",
			append(args, "until", leaf.NotAfter)...)
	}
}

func (k *kept) leaf() *x509.Certificate {
	if cert := k.current.Load(); cert != nil {
		return cert.Leaf
	}
	return nil
}

func issuerOf(leaf *x509.Certificate) string {
	if len(leaf.Issuer.Organization) > 0 {
		return strings.TrimSpace(leaf.Issuer.Organization[0] + " " + leaf.Issuer.CommonName)
	}
	return leaf.Issuer.CommonName
}

// reason is the authority's own words where there are any.
func reason(err error) string {
	var problem acme.Problem
	if errors.As(err, &problem) {
		short := problem.Type[strings.LastIndexByte(problem.Type, ':')+1:]
		text := fmt.Sprintf("%s (%s)", problem.Detail, short)
		for _, sub := range problem.Subproblems {
			text += "; " + sub.Detail
		}
		return text
	}
	return err.Error()
}
