package certs

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/crypto/ocsp"
)

// What its issuer says of a certificate (RFC 6960) is asked for beforehand and kept, so
// that no handshake waits for it. It is asked for again at half of its time.
const (
	stapleEvery   = time.Minute     // the staples are looked at
	stapleAgain   = 5 * time.Minute // after a failure
	stapleTimeout = 10 * time.Second
	stapleSize    = 64 << 10 // bytes, at most
)

// staple is what an issuer has said of a certificate.
type staple struct {
	of       *x509.Certificate
	text     []byte // nil: nothing, or no good
	from, to time.Time
	tried    time.Time
}

// due says whether to ask for it: of another certificate, for the first time, or anew.
func (s *staple) due(of *x509.Certificate, now time.Time) bool {
	switch {
	case s.of != of:
		return true
	case s.text == nil, now.After(s.from.Add(s.to.Sub(s.from) / 2)):
		return now.Sub(s.tried) >= stapleAgain
	}
	return false
}

// watchStaples keeps the staples until ctx ends.
func (s *Store) watchStaples(ctx context.Context) {
	ticker := time.NewTicker(stapleEvery)
	defer ticker.Stop()
	for {
		s.stapleAll(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *Store) stapleAll(ctx context.Context) {
	s.mu.Lock()
	entries := s.entries
	s.mu.Unlock()
	for _, e := range entries {
		s.stapleOne(ctx, e)
	}
}

// stapleOne asks for the staple of one certificate, if it has one and it is time.
func (s *Store) stapleOne(ctx context.Context, e *entry) {
	s.mu.Lock()
	cert, known, now := e.shown, e.staple, s.options.Now()
	s.mu.Unlock()
	if len(cert.Leaf.OCSPServer) == 0 || len(cert.Certificate) < 2 || !known.due(cert.Leaf, now) {
		return
	}
	next := staple{of: cert.Leaf, tried: now}
	answer, text, err := s.askIssuer(ctx, cert)
	switch {
	case err != nil:
		s.options.Logger.Info("no staple for a certificate; it is asked for again", "certfile", e.pair.Cert, "error", err)
		if known.of == cert.Leaf && now.Before(known.to) {
			next.text, next.from, next.to = known.text, known.from, known.to
		}
	case answer.Status == ocsp.Revoked:
		s.options.Logger.Error(e.pair.String()+": its issuer has revoked the certificate on "+date(answer.RevokedAt)+": clients refuse it; get another",
			"names", names(cert.Leaf))
		next.tried = now.Add(time.Hour) // that hardly changes
	case answer.Status == ocsp.Good:
		next.text, next.from, next.to = text, answer.ThisUpdate, answer.NextUpdate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.shown != cert { // it was replaced meanwhile
		return
	}
	stapled := *cert
	stapled.OCSPStaple = next.text
	e.shown, e.staple = &stapled, next
	s.publish()
}

// askIssuer asks the first responder that the certificate names, and checks the answer.
func (s *Store) askIssuer(ctx context.Context, cert *tls.Certificate) (*ocsp.Response, []byte, error) {
	issuer, err := x509.ParseCertificate(cert.Certificate[1])
	if err != nil {
		return nil, nil, err
	}
	question, err := ocsp.CreateRequest(cert.Leaf, issuer, nil)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, stapleTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, cert.Leaf.OCSPServer[0], bytes.NewReader(question))
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Content-Type", "application/ocsp-request")
	response, err := cmp.Or(s.options.Client, http.DefaultClient).Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, stapleSize))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", request.URL.Host, response.Status)
	}
	if err != nil {
		return nil, nil, err
	}
	answer, err := ocsp.ParseResponseForCert(text, cert.Leaf, issuer)
	if err == nil && !answer.NextUpdate.After(s.options.Now()) {
		err = errors.New("the issuer's word is out of date")
	}
	return answer, text, err
}
