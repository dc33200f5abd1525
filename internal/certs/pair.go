package certs

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Pair names the files of one certificate. Both may be the same file; an empty Key
// means that it is.
type Pair struct {
	Cert string // PEM: the certificate, and those of its issuers behind it
	Key  string // PEM: its private key
}

func (p Pair) keyFile() string {
	if p.Key == "" {
		return p.Cert
	}
	return p.Key
}

// String names the files for a log line.
func (p Pair) String() string {
	if p.keyFile() == p.Cert {
		return "certfile " + p.Cert
	}
	return "certfile " + p.Cert + ", keyfile " + p.Key
}

// loaded is what the files of a pair have said.
type loaded struct {
	cert  *tls.Certificate
	notes []string // what is not as it should be, and was put right
}

// load reads a pair. Its errors name both files.
func (p Pair) load() (loaded, error) {
	l, err := p.read()
	if err != nil {
		err = fmt.Errorf("%s: %w", p, err)
	}
	return l, err
}

func (p Pair) read() (l loaded, err error) {
	text, err := os.ReadFile(p.Cert)
	if err != nil {
		return l, err
	}
	chain, err := parseCertificates(text)
	if err != nil {
		return l, err
	}
	if p.keyFile() != p.Cert {
		if text, err = os.ReadFile(p.Key); err != nil {
			return l, err
		}
	}
	if info, err := os.Stat(p.keyFile()); err == nil && info.Mode().Perm()&0o004 != 0 {
		l.notes = append(l.notes, "everybody on this machine can read the private key: chmod o-r "+p.keyFile())
	}
	key, err := parseKey(text)
	if err != nil {
		return l, err
	}
	chain, notes, err := order(chain, key)
	if err != nil {
		return l, err
	}
	l.notes = append(l.notes, notes...)
	l.cert = &tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, c := range chain {
		l.cert.Certificate = append(l.cert.Certificate, c.Raw)
	}
	return l, nil
}

var (
	errNoCertificate = errors.New("the certfile has no certificate: want PEM, -----BEGIN CERTIFICATE-----")
	errNoKey         = errors.New("there is no private key: want PEM, -----BEGIN PRIVATE KEY-----; name its file by keyfile")
	errEncrypted     = errors.New("the private key is encrypted: write it without a passphrase (openssl pkey -in KEY -out NEW) and protect the file")
	errWrongKey      = errors.New("the key is not the certificate's: they were made or renewed apart, or belong to another pair")
	errCut           = errors.New("the file ends within a PEM block: it is not written whole")
)

// parseCertificates reads all certificates of a text. One that ends in the midst of
// another is not whole.
func parseCertificates(text []byte) (chain []*x509.Certificate, err error) {
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if bytes.Contains(rest, []byte("-----BEGIN ")) {
				return nil, errCut
			}
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, errNoCertificate
	}
	return chain, nil
}

// parseKey reads the first private key of a text.
func parseKey(text []byte) (crypto.Signer, error) {
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if bytes.Contains(rest, []byte("-----BEGIN ")) {
				return nil, errCut
			}
			return nil, errNoKey
		}
		switch {
		case !strings.HasSuffix(block.Type, "PRIVATE KEY"):
		case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return nil, errEncrypted
		default:
			return parseKeyBlock(block)
		}
	}
}

func parseKeyBlock(block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of this kind cannot sign: %T", key)
	}
	return signer, nil
}
