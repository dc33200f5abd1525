package highball

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// Who says that there is to be https need not say where.
func TestAutomaticBinds(t *testing.T) {
	names := ACME{Names: []string{"example.test"}}
	for _, tt := range []struct {
		cfg      Config
		want     []string
		redirect bool
	}{
		{Config{}, []string{DefaultBind}, false},
		{Config{ACME: names}, []string{":80", "https://:443", "h3://:443"}, true},
		{Config{ACME: ACME{OnDemand: names.Names}}, []string{":80", "https://:443", "h3://:443"}, true},
		{Config{ACME: names, LocalHTTPS: true}, []string{":80", "https://:443", "h3://:443"}, true},
		{Config{LocalHTTPS: true}, []string{DefaultLocalBind}, false},
		{Config{ACME: names, Bind: []string{"https://:1"}}, []string{"https://:1"}, false},
	} {
		got, err := tt.cfg.withDefaults()
		if err != nil || !slices.Equal(got.Bind, tt.want) || got.TLS.Redirect != tt.redirect {
			t.Errorf("%+v: got %v, redirect %v, %v", tt.cfg.ACME, got.Bind, got.TLS.Redirect, err)
		}
	}
}

func TestAutomaticErrors(t *testing.T) {
	names := ACME{Names: []string{"example.test"}}
	for want, cfg := range map[string]Config{
		"https is given, but no address is served by https":       {ACME: names, Bind: []string{":1"}},
		"local-https is given, but no address":                    {LocalHTTPS: true, Bind: []string{":1"}},
		"an authority is named, but no name":                      {ACME: ACME{Directory: "https://ca.test/dir"}},
		"acme-ca: \"http://ca.test\" is no https URL":             {ACME: ACME{Names: names.Names, Directory: "http://ca.test"}},
		"acme-ca-root: open /nonexistent":                         {ACME: ACME{Names: names.Names, Root: "/nonexistent"}},
		"https: \"a:1\" is no host name":                          {ACME: ACME{Names: []string{"a:1"}}},
		"https: *.a.test: a certificate for a pattern needs a ch": {ACME: ACME{Names: []string{"*.a.test"}}},
	} {
		checked, err := cfg.withDefaults()
		if err == nil {
			_, err = checked.newAutomatic(nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that says %q", err, want)
		}
	}
}

// noDNS puts records nowhere.
type noDNS struct{}

func (noDNS) Present(context.Context, string, string) error { return nil }
func (noDNS) CleanUp(context.Context, string, string) error { return nil }

// A program that answers dns-01 may have certificates for patterns, which others may not.
func TestAutomaticByDNS(t *testing.T) {
	cfg := Config{ACME: ACME{Names: []string{"*.a.test"}, Dir: t.TempDir(), DNS: noDNS{}}}
	checked, err := cfg.withDefaults()
	if err == nil {
		_, err = checked.newAutomatic(nil)
	}
	if err != nil {
		t.Error(err)
	}
}
