package acme

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/caddyserver/certmagic"
)

// mend puts aside what is stored of a certificate and cannot be used (a disk was full, a
// copy was broken off), and says whether there was such: certmagic would neither use it nor
// get another.
func (k *kept) mend(ctx context.Context) bool {
	// Who gets a certificate writes its files one by one, under this lock.
	lock := "issue_cert_" + k.name
	if err := k.m.storage.Lock(ctx, lock); err != nil {
		return false
	}
	defer func() { _ = k.m.storage.Unlock(ctx, lock) }()
	files := k.files()
	problem := k.problem(ctx, files)
	if problem == nil {
		return false
	}
	for _, key := range files {
		path := k.m.storage.Filename(key)
		if err := os.Rename(path, path+".broken"); err != nil {
			return false // the complaint about it comes anyway
		}
	}
	k.log.Warn("the stored certificate cannot be used: it is put aside, and another is asked for",
		"error", problem, "aside", k.m.storage.Filename(files[0])+".broken")
	return true
}

// files are the certificate, its key and what is known of it.
func (k *kept) files() []string {
	issuer, keys := k.m.issuer.IssuerKey(), certmagic.StorageKeys
	return []string{keys.SiteCert(issuer, k.name), keys.SitePrivateKey(issuer, k.name), keys.SiteMeta(issuer, k.name)}
}

// problem says why the files cannot be used; nil if they can, or are not there at all.
func (k *kept) problem(ctx context.Context, files []string) error {
	var texts [][]byte
	for _, key := range files {
		text, err := k.m.storage.Load(ctx, key)
		if err != nil {
			return nil
		}
		texts = append(texts, text)
	}
	if _, err := tls.X509KeyPair(texts[0], texts[1]); err != nil {
		return errors.New("certificate and key: " + err.Error())
	}
	var resource certmagic.CertificateResource
	if err := json.Unmarshal(texts[2], &resource); err != nil {
		return fmt.Errorf("what is known of it: %w", err)
	}
	return nil
}
