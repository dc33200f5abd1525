package highball_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"highball"
	"highball/internal/origin"
)

// A proxy that has taken the prefix off the path has chosen by it already; one that is
// in front of all mounts has not.
func TestMountBehindAProxyWithAPrefix(t *testing.T) {
	answer := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	mount := highball.Mount{"/": answer("site"), "/shop": answer("shop"), "/shop/admin": answer("admin"), "/x": answer("x")}
	for _, tt := range []struct{ script, path, want string }{
		{"", "/shop/x", "shop"}, {"/shop", "/x", "shop"}, {"/shop", "", "shop"}, {"/shop", "/admin/x", "admin"}, {"/shop/admin", "/x", "admin"},
		{"/outer", "/shop/x", "shop"}, {"/outer", "/y", "site"}, {"/shopping", "/x", "x"},
	} {
		r := httptest.NewRequest("GET", "/asked", nil)
		w := httptest.NewRecorder()
		mount.ServeHTTP(w, r.WithContext(origin.With(r.Context(), &origin.Origin{Prefix: tt.script, Path: &tt.path})))
		if got := w.Body.String(); got != tt.want {
			t.Errorf("%q and %q: got %s, want %s", tt.script, tt.path, got, tt.want)
		}
	}
}
