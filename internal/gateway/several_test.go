package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Without an application each request is refused, before its body is waited for, and told
// as any other.
func TestNobody(t *testing.T) {
	g := newRig()
	g.opts.Nobody = true
	for _, tt := range []struct {
		method, target string
		status         int
	}{
		{"GET", "/", 404}, {"POST", "/a?b", 404}, {"GET", "*", 400}, {"OPTIONS", "*", 200},
	} {
		r := httptest.NewRequest(tt.method, "/", nil)
		r.RequestURI = tt.target
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if last := g.done[len(g.done)-1]; w.Code != tt.status || last.Status != tt.status {
			t.Errorf("%s %s: got %d, told %+v", tt.method, tt.target, w.Code, last)
		}
	}
	if len(g.asks) > 0 {
		t.Errorf("it asked for a slot %d times", len(g.asks))
	}
	if g.done[0].Failure != "no application has this host and path" {
		t.Errorf("the log says %q", g.done[0].Failure)
	}
}

// Gateways beside one another have one budget.
func TestBudgetIsShared(t *testing.T) {
	one := New(Options{ResponseBudget: 100})
	two := New(Options{ResponseBudget: 1000, Beside: one})
	if !two.responses.memory.take(60) || one.responses.memory.take(60) || !one.responses.memory.take(40) {
		t.Error("each has its own budget")
	}
	if a, b := one.ResponseStats().Memory, two.ResponseStats().Memory; a != 100 || b != 100 {
		t.Errorf("%d and %d", a, b)
	}
}

// A Mount's prefix is known to who is between it and the gateway.
func TestPrefix(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if p, ok := Prefix(r.Context()); ok || p != "" {
		t.Errorf("%q, %t", p, ok)
	}
	if p, ok := Prefix(WithPrefix(r.Context(), "/x")); !ok || p != "/x" {
		t.Errorf("%q, %t", p, ok)
	}
}
