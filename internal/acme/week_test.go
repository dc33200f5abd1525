package acme

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const day = 24 * time.Hour

// A week without an authority: the certificate is served, the line is clear and comes at
// most once an hour, and the first try after the authority's return gets a new one.
func TestAuthorityIsDownForAWeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, l := newAuthority(t, 30*day), &log{}
		m := newManager(t, a, l, Options{Names: []string{"example.test"}, Dir: t.TempDir()})
		start(t, m)
		defer m.Close()
		synctest.Wait()
		<-time.After(19 * day) // not yet in the last third
		first, err := shake(m, "example.test")
		if err != nil || len(a.asked()) != 1 {
			t.Fatalf("%v, orders %v", err, a.asked())
		}
		a.set(errDown)
		<-time.After(8 * day)
		now, err := shake(m, "Example.test.")
		if err != nil || !now.Equal(first) {
			t.Fatalf("while the authority is down: %v, another certificate: %v", err, now != first)
		}
		if s := m.States(); len(s) != 1 || s[0].Name != "example.test" || !s[0].Until.Equal(now.NotAfter) ||
			!strings.Contains(s[0].Problem, "could not be renewed") || !strings.Contains(s[0].Problem, "connection refused") {
			t.Errorf("states %+v", s)
		}
		complaints := l.lines("could not be renewed")
		if n := len(complaints); n < 7*20 || n > 7*30 {
			t.Errorf("%d lines in a week, want about one an hour", n)
		}
		last := complaints[len(complaints)-1]
		for _, part := range []string{"level=WARN", "name=example.test", "it is served while it is valid", "connection refused", "tried_again_in=", "until="} {
			if !strings.Contains(last, part) {
				t.Errorf("the line lacks %q: %s", part, last)
			}
		}
		a.set(nil)
		<-time.After(2 * time.Hour)
		if now, err = shake(m, "example.test"); err != nil || now.Equal(first) {
			t.Errorf("the authority is back: %v, the old certificate: %v", err, now == first)
		}
		if s := m.States(); s[0].Problem != "" {
			t.Errorf("states when all is well %+v", s)
		}
		if len(l.lines("certificate renewed")) != 1 {
			t.Errorf("lines %v", l.lines("certificate renewed"))
		}
	})
}

// Past its end the certificate goes on being served, since some clients do not check and
// the others say what is wrong. The line is an error, and says so.
func TestPastTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, l := newAuthority(t, 6*day), &log{}
		m := newManager(t, a, l, Options{Names: []string{"example.test"}, Dir: t.TempDir()})
		start(t, m)
		defer m.Close()
		synctest.Wait()
		a.set(errDown)
		<-time.After(7 * day)
		leaf, err := shake(m, "example.test")
		if err != nil || !leaf.NotAfter.Before(time.Now()) {
			t.Fatalf("%v, until %v", err, leaf)
		}
		if lines := l.lines("level=ERROR"); len(lines) == 0 || !strings.Contains(lines[0], "has expired") || !strings.Contains(lines[0], "expired=") {
			t.Errorf("lines %v", lines)
		}
		a.set(nil)
		<-time.After(2 * time.Hour)
		if leaf, err = shake(m, "example.test"); err != nil || leaf.NotAfter.Before(time.Now()) {
			t.Errorf("the authority is back: %v, until %v", err, leaf.NotAfter)
		}
	})
}

// Without a certificate nothing is made up; it comes when the authority does.
func TestAuthorityIsDownAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, l := newAuthority(t, 30*day), &log{}
		a.set(errDown)
		dir := t.TempDir()
		m := newManager(t, a, l, Options{Names: []string{"example.test"}, Dir: dir})
		start(t, m)
		synctest.Wait()
		if leaf, err := shake(m, "example.test"); err == nil {
			t.Fatalf("got a certificate of %v", leaf.Issuer)
		}
		if lines := l.lines("level=ERROR"); len(lines) != 1 || !strings.Contains(lines[0], "tried_again_in=10s") && !strings.Contains(lines[0], "tried_again_in=11s") {
			t.Errorf("lines %v", lines)
		}
		a.set(nil)
		<-time.After(time.Minute)
		first, err := shake(m, "example.test")
		if err != nil {
			t.Fatal(err)
		}
		m.Close()

		// The next process finds it there, and asks nobody.
		a.set(errDown)
		m = newManager(t, a, l, Options{Names: []string{"example.test"}, Dir: dir})
		orders := len(a.asked())
		start(t, m)
		defer m.Close()
		again, err := shake(m, "example.test") // Start has loaded it
		if err != nil || !again.Equal(first) || len(a.asked()) != orders {
			t.Errorf("%v, orders %v", err, a.asked())
		}
	})
}

// Two processes with one directory: one order, one renewal, and both serve it.
func TestOneOrderForTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, l := newAuthority(t, 30*day), &log{}
		dir := t.TempDir()
		var both []*Manager
		for range 2 {
			m := newManager(t, a, l, Options{Names: []string{"example.test"}, Dir: dir})
			start(t, m)
			defer m.Close()
			both = append(both, m)
		}
		<-time.After(time.Minute)
		check := func(orders int) {
			t.Helper()
			one, err := shake(both[0], "example.test")
			other, err2 := shake(both[1], "example.test")
			if err != nil || err2 != nil || !one.Equal(other) || len(a.asked()) != orders {
				t.Errorf("%v, %v, orders %v", err, err2, a.asked())
			}
		}
		check(1)
		<-time.After(20*day + time.Hour)
		check(2)
	})
}

// Of two that share a directory one gets the certificate, and both say that they have it.
func TestTwoShareADirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, dir, logs := newAuthority(t, 30*day), t.TempDir(), [2]*log{{}, {}}
		for i := range logs {
			m := newManager(t, a, logs[i], Options{Names: []string{"example.test"}, Dir: dir})
			start(t, m)
			defer m.Close()
		}
		says := func(text string) int { return len(logs[0].lines(text)) + len(logs[1].lines(text)) }
		<-time.After(time.Minute)
		if got, found := says("certificate obtained"), says("certificate loaded"); got != 1 || found != 1 || len(a.asked()) != 1 {
			t.Errorf("obtained %d, loaded %d, orders %v", got, found, a.asked())
		}
		<-time.After(25 * day)
		if got, found := says("certificate renewed"), says("certificate loaded"); got != 1 || found != 2 || len(a.asked()) != 2 {
			t.Errorf("renewed %d, loaded %d, orders %v", got, found, a.asked())
		}
	})
}
