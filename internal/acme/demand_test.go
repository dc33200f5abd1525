package acme

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Only allowed names are ordered, and not more of them than the limit lets through.
func TestDemandHasALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, l := newAuthority(t, 30*day), &log{}
		m := newManager(t, a, l, Options{OnDemand: []string{"*.example.test", "one.test"}, Dir: t.TempDir()})
		start(t, m)
		defer m.Close()
		for _, name := range []string{"", "example.test", "a.b.example.test", "*.example.test", "two.test", "x.one.test", "a b.example.test", "..example.test"} {
			if _, err := shake(m, name); err == nil {
				t.Errorf("%q has a certificate", name)
			}
		}
		if got := a.asked(); len(got) > 0 {
			t.Fatalf("orders %v", got)
		}
		got := 0
		for i := range 2 * demandBurst {
			if _, err := shake(m, fmt.Sprintf("n%d.example.test", i)); err == nil {
				got++
			}
		}
		if got != demandBurst || len(a.asked()) != demandBurst {
			t.Errorf("%d of %d, orders %v", got, 2*demandBurst, a.asked())
		}
		<-time.After(demandEvery)
		if _, err := shake(m, "one.test"); err != nil {
			t.Errorf("after a while: %v", err)
		}
		if _, err := shake(m, "n0.example.test"); err != nil || len(a.asked()) != demandBurst+1 {
			t.Errorf("what is there: %v, orders %v", err, a.asked())
		}
	})
}

// A name that cannot be had costs one order in the time until it may be tried again, however
// many ask for it.
func TestDemandThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, l := newAuthority(t, 30*day), &log{}
		a.set(errors.New("refused"))
		m := newManager(t, a, l, Options{OnDemand: []string{"*.example.test"}, Dir: t.TempDir()})
		start(t, m)
		defer m.Close()
		for range 5 {
			if _, err := shake(m, "a.example.test"); err == nil || !strings.Contains(err.Error(), "refused") {
				t.Errorf("got %v", err)
			}
		}
		<-time.After(time.Hour)
		if n := len(a.asked()); n != 1 {
			t.Errorf("%d orders: nobody has asked again", n)
		}
		a.set(nil)
		if _, err := shake(m, "a.example.test"); err != nil {
			t.Error(err)
		}
	})
}

// Names on demand are renewed like others, and found again by the next process, whose
// limit they do not count against.
func TestDemandIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, l, dir := newAuthority(t, 30*day), &log{}, t.TempDir()
		opts := Options{OnDemand: []string{"*.example.test"}, Dir: dir}
		m := newManager(t, a, l, opts)
		start(t, m)
		first, err := shake(m, "a.example.test")
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(21 * day)
		again, err := shake(m, "a.example.test")
		if err != nil || again.Equal(first) {
			t.Errorf("not renewed, %v", err)
		}
		m.Close()
		a.set(errDown)
		m = newManager(t, a, l, opts)
		start(t, m)
		defer m.Close()
		for m.limit.allow() { // nothing is left
		}
		if leaf, err := shake(m, "a.example.test"); err != nil || !leaf.Equal(again) {
			t.Errorf("by the next process: %v", err)
		}
		if got := a.asked(); !slices.Equal(got, []string{"a.example.test", "a.example.test"}) {
			t.Errorf("orders %v", got)
		}
		<-time.After(31 * day) // past its end, and the authority is down
		if m.find("a.example.test") != nil {
			t.Error("it is tried for ever, though nobody asks")
		}
	})
}
