package gateway

import (
	"net/http"
	"testing"
)

// Where the server leaves the field as it was sent, the application gets that.
func TestEnvironHasTrailerAsSent(t *testing.T) {
	r := get("/")
	r.Method, r.Body, r.ContentLength = "POST", http.NoBody, -1
	r.TransferEncoding, r.Trailer = []string{"chunked"}, http.Header{"X-Sum": nil}
	r.Header["Trailer"] = []string{"x-SUM,Host", "x-sum"}
	environ := environOf(t, r)
	if got := environ["HTTP_TRAILER"]; got != "x-SUM,Host,x-sum" {
		t.Errorf("%q", got)
	}
}
