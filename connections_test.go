package highball

import (
	"strings"
	"testing"
	"time"
)

// Limits of a head that nobody can mean are refused by the name of their setting.
func TestLimitsOfHeads(t *testing.T) {
	for want, cfg := range map[string]Config{
		"limit-request-line":                {LimitRequestLine: -1},
		"limit-request-line: write a size":  {LimitRequestLine: 2 << 20, LimitRequestHead: 4 << 20},
		"limit-request-head":                {LimitRequestHead: 1 << 30},
		"limit-request-fields":              {LimitRequestFields: 40000},
		"are more than limit-request-head ": {LimitRequestLine: 8192, LimitRequestHead: 4096},
	} {
		cfg.connectionDefaults()
		if err := cfg.checkConnections(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

// What is configured reaches the part that has the connections.
func TestConnectionsAreConfigured(t *testing.T) {
	cfg := Config{
		HeaderTimeout: 1, KeepaliveTimeout: 2, SendTimeout: 3, LimitRequestLine: 4, LimitRequestHead: 5, LimitRequestFields: 6,
		MaxConnections: 7, MaxConnectionsPerAddress: -1,
	}
	o := cfg.front()
	got := []int{int(o.HeaderTimeout), int(o.IdleTimeout), int(o.SendTimeout), o.Limits.RequestLine, o.Limits.Head, o.Limits.Fields, o.MaxConnections}
	for i, n := range got {
		if n != i+1 {
			t.Errorf("number %d is %d", i+1, n)
		}
	}
	if o.MaxConnectionsPerAddress != -1 {
		t.Errorf("got %d for each address", o.MaxConnectionsPerAddress)
	}
	var standard Config
	standard.connectionDefaults()
	if standard.checkConnections() != nil || standard.HeaderTimeout != 30*time.Second {
		t.Errorf("the defaults are no configuration: %+v", standard)
	}
}
