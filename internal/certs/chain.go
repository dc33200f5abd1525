package certs

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
)

// order puts the certificate of key first, and behind each one its issuer's, as far as
// they are there (RFC 8446 4.4.2). notes say what had to be put right.
func order(chain []*x509.Certificate, key crypto.Signer) (ordered []*x509.Certificate, notes []string, err error) {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return nil, nil, errWrongKey
	}
	first := slices.IndexFunc(chain, func(c *x509.Certificate) bool { return public.Equal(c.PublicKey) })
	if first < 0 {
		return nil, nil, errWrongKey
	}
	rest := slices.Delete(slices.Clone(chain), first, first+1)
	ordered = []*x509.Certificate{chain[first]}
	for {
		last := ordered[len(ordered)-1]
		next := slices.IndexFunc(rest, func(c *x509.Certificate) bool { return issued(c, last) })
		if next < 0 {
			break
		}
		ordered = append(ordered, rest[next])
		rest = slices.Delete(rest, next, next+1)
	}
	for _, c := range rest {
		notes = append(notes, fmt.Sprintf("%q is no issuer of this certificate and is not sent", c.Subject))
	}
	if !slices.Equal(ordered, chain[:len(ordered)]) {
		notes = append(notes, "the chain is in the wrong order and is sent in the right one: the certificate first, then its issuer, then that one's")
	}
	return ordered, notes, nil
}

// issued says whether issuer has signed c; one that signed itself ends a chain.
func issued(issuer, c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, issuer.RawSubject) && !bytes.Equal(c.RawIssuer, c.RawSubject) &&
		issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
