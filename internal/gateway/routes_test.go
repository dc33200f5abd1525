package gateway

import (
	"slices"
	"sync"
	"testing"
	"time"
)

const us = time.Microsecond

// all is n measured requests that took the same.
func all(n int, took time.Duration) []time.Duration { return slices.Repeat([]time.Duration{took}, n) }

func observeAll(rs *routes, key uint64, took ...time.Duration) {
	for _, d := range took {
		rs.observe(key, d, false)
	}
}

func wantCost(t *testing.T, rs *routes, key uint64, want time.Duration) {
	t.Helper()
	if cost, _ := rs.expect(key); cost != want {
		t.Errorf("expected to take %s, want %s", cost, want)
	}
}

func TestUnknownRouteIsMeasured(t *testing.T) {
	rs := newRoutes()
	for range 3 * measureEvery { // asking makes nothing known
		if cost, measure := rs.expect(7); cost != 0 || !measure {
			t.Fatalf("cost %s, measured %v", cost, measure)
		}
	}
}

func TestRouteTakesAsLongAsItsSecondSlowest(t *testing.T) {
	for name, c := range map[string]struct {
		took []time.Duration
		want time.Duration
	}{
		"one":                   {[]time.Duration{50 * us}, 50 * us},
		"the slowest last":      {[]time.Duration{50 * us, 300 * us}, 50 * us},
		"the slowest first":     {[]time.Duration{300 * us, 50 * us}, 50 * us},
		"in the midst":          {[]time.Duration{40 * us, 60 * us, 300 * us, 50 * us}, 60 * us},
		"falling":               {[]time.Duration{90 * us, 80 * us, 70 * us}, 80 * us},
		"one in a sample":       {append(all(sample-1, 50*us), time.Second), 50 * us},
		"two in a sample":       {append(all(sample-2, 50*us), time.Second, time.Minute), time.Second},
		"one in each of two":    {append(append(all(sample-1, 50*us), time.Second), append(all(sample-1, 50*us), time.Second)...), 50 * us},
		"first of a new sample": {append(all(sample, 50*us), time.Second), 50 * us},
		"faster of late":        {append(all(sample, 90*us), all(sample, 50*us)...), 90 * us},
		"slower of late":        {append(all(sample, 50*us), 90*us, 90*us), 90 * us},
	} {
		rs := newRoutes()
		observeAll(rs, 7, c.took...)
		if cost, _ := rs.expect(7); cost != c.want {
			t.Errorf("%s: expected to take %s, want %s", name, cost, c.want)
		}
	}
}

// What was slow is known for the rest of its sample and all of the next, and then
// forgotten: a cold start, say.
func TestRouteIsRememberedForTwoSamples(t *testing.T) {
	rs := newRoutes()
	observeAll(rs, 7, time.Second, time.Second)
	for i := range 2*sample - 2 {
		observeAll(rs, 7, 50*us)
		if cost, _ := rs.expect(7); cost != time.Second {
			t.Fatalf("forgotten after %d more", i+1)
		}
	}
	observeAll(rs, 7, 50*us)
	wantCost(t, rs, 7, 50*us)
}

// Each request is measured until there is a sample, and then one of eight.
func TestKnownRouteIsMeasuredNowAndThen(t *testing.T) {
	rs := newRoutes()
	for i := range sample + 1 {
		if _, measure := rs.expect(7); !measure {
			t.Errorf("number %d is not measured", i)
		}
		observeAll(rs, 7, 50*us)
	}
	measured := 0
	for range 10 * measureEvery {
		if _, measure := rs.expect(7); measure {
			measured++
		}
	}
	if measured != 10 {
		t.Errorf("%d of %d are measured, want 10", measured, 10*measureEvery)
	}
}

// Two routes that fall on one entry take turns; neither is taken for the other.
func TestCollidingRouteReplaces(t *testing.T) {
	rs := newRoutes()
	const one, other = 7, 7 + 3*routeSlots
	observeAll(rs, one, all(2*sample, 50*us)...)
	if cost, measure := rs.expect(other); cost != 0 || !measure {
		t.Errorf("before it was measured: cost %s, measured %v", cost, measure)
	}
	wantCost(t, rs, one, 50*us) // looking replaces nothing
	observeAll(rs, other, 90*us)
	wantCost(t, rs, other, 90*us)
	if cost, measure := rs.expect(one); cost != 0 || !measure {
		t.Errorf("replaced: cost %s, measured %v", cost, measure)
	}
	observeAll(rs, 8, 60*us) // the neighbour is nobody's
	wantCost(t, rs, other, 90*us)
}

func TestDoubtfulMeasure(t *testing.T) {
	rs := newRoutes()
	rs.observe(7, 80*us, true)
	wantCost(t, rs, 7, 80*us) // better than nothing
	for range 3 * sample {
		rs.observe(7, time.Second, true)
	}
	wantCost(t, rs, 7, 80*us)
	rs.observe(7+routeSlots, 90*us, true)
	wantCost(t, rs, 7+routeSlots, 90*us)
}

// A route that waits looks short while the process is crowded. The first certain
// measure shows what it is.
func TestCertainMeasureReplacesAGuess(t *testing.T) {
	rs := newRoutes()
	rs.observe(7, 80*us, true)
	rs.observe(7, 20*time.Millisecond, false)
	wantCost(t, rs, 7, 20*time.Millisecond)
	rs.observe(7, 80*us, true)
	wantCost(t, rs, 7, 20*time.Millisecond)
}

func TestRouteKey(t *testing.T) {
	rs := newRoutes()
	get := func(path string) uint64 { return rs.key("GET", path) }
	for _, same := range [][2]string{
		{"/items/1", "/items/42"}, {"/items/1/edit", "/items/0a1f-b/edit"}, {"/v1/a/7", "/v2/a/8"}, {"/9", "/x9y"}, {"/a", "/a"},
	} {
		if get(same[0]) != get(same[1]) {
			t.Errorf("%s and %s are not the same route", same[0], same[1])
		}
	}
	for _, different := range [][2]string{
		{"/items", "/items/1"}, {"/items/", "/items/1"}, {"/items/1", "/items/1/"}, {"/items/1", "/items/new"},
		{"/items/1/edit", "/items/1/delete"}, {"/a/b", "/ab"}, {"/1/a", "/a/1"}, {"/", ""}, {"/", "/1"}, {"//", "/1/"},
	} {
		if get(different[0]) == get(different[1]) {
			t.Errorf("%s and %s are one route", different[0], different[1])
		}
	}
	if rs.key("GET", "/a") == rs.key("POST", "/a") {
		t.Error("GET and POST are one route")
	}
	if newRoutes().key("GET", "/a") == get("/a") {
		t.Error("the key can be foreseen, and so collisions be made")
	}
}

func TestRoutesOfManyAtOnce(t *testing.T) {
	rs := newRoutes()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 1000 {
				key := uint64(n%5 + 1)
				rs.observe(key, 50*us, i%2 == 0)
				if cost, _ := rs.expect(key); cost != 50*us {
					t.Errorf("cost %s", cost)
				}
			}
		})
	}
	wg.Wait()
}
