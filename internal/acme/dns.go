package acme

import (
	"context"

	"github.com/mholt/acmez/v3/acme"
)

// solver is a DNS as certmagic's ACME client wants it.
type solver struct{ dns DNS }

func (s solver) Present(ctx context.Context, c acme.Challenge) error {
	return s.dns.Present(ctx, c.DNS01TXTRecordName(), c.DNS01KeyAuthorization())
}

func (s solver) CleanUp(ctx context.Context, c acme.Challenge) error {
	return s.dns.CleanUp(ctx, c.DNS01TXTRecordName(), c.DNS01KeyAuthorization())
}
