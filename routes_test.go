package highball

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// The way to one of several applications makes no garbage.
func TestRoutesAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	served := 0
	here := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ })
	apps := []App{{Path: "/shop"}, {Hosts: []string{"b.example"}}, {Hosts: []string{"*.example"}, Path: "/x"}}
	rs := newRoutes("", apps, []http.Handler{here, here, here}, http.NotFoundHandler())
	for _, target := range []string{"http://b.example:8000/a", "http://c.example/x/y", "http://c.example/shop/y"} {
		r, w := httptest.NewRequest("GET", target, nil), httptest.NewRecorder()
		r.RequestURI = r.URL.RequestURI()
		if n := testing.AllocsPerRun(100, func() { rs.ServeHTTP(w, r) }); n > 0 {
			t.Errorf("%s: %v allocations", target, n)
		}
	}
	if served != 303 { // a first one each
		t.Errorf("%d requests were served", served)
	}
}
