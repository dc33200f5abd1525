package acme

import (
	"crypto/x509"
	"math/rand/v2"
	"time"
)

const (
	// checkEvery is how often a certificate is looked at: is it time to renew it, has
	// another process, does its authority say that it is revoked.
	checkEvery = 10 * time.Minute

	// checkLeast holds for certificates that live for minutes.
	checkLeast = time.Second

	// attemptTime bounds one try to get a certificate.
	attemptTime = 5 * time.Minute
)

// retries are the waits after the first, second, ... failure; the last repeats. The
// first are short: a machine that starts may have its network a moment later.
func retries() []time.Duration {
	const s, m = time.Second, time.Minute
	return []time.Duration{10 * s, 30 * s, m, 2 * m, 5 * m, 10 * m, 10 * m, 20 * m, 30 * m, time.Hour}
}

// interval is how often a certificate is looked at: several times between the moment
// that it should be renewed and its end.
func interval(leaf *x509.Certificate) time.Duration {
	if leaf == nil {
		return checkEvery
	}
	return min(max(leaf.NotAfter.Sub(leaf.NotBefore)/20, checkLeast), checkEvery)
}

// wait is how long to wait after so many failures in a row.
func (o Options) wait(failures int) time.Duration {
	return about(o.backoff[min(failures, len(o.backoff))-1])
}

// about spreads what many servers do at the same time.
func about(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()-0.5)*0.1*float64(d))
}
