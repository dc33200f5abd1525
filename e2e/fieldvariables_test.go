package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestContentTypeAndLength(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		e := environOf(t, s, harness.Ask("POST", "/environ", "content-type: a/b; charset=\"x\"").With("12345"))
		want(t, "CONTENT_TYPE", e.Values["CONTENT_TYPE"], `a/b; charset="x"`)
		want(t, "CONTENT_LENGTH", e.Values["CONTENT_LENGTH"], "5")
		for _, key := range []string{"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} {
			if v, ok := e.Values[key]; ok {
				t.Errorf("%s=%q must not be there", key, v)
			}
		}
		e = environOf(t, s, harness.Ask("GET", "/environ"))
		want(t, "CONTENT_TYPE of no body", e.Values["CONTENT_TYPE"], "")
		want(t, "CONTENT_LENGTH of no body", e.Values["CONTENT_LENGTH"], "")
	})
}

func TestFieldsBecomeVariables(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		e := environOf(t, s, harness.Ask("GET", "/environ", "X-Some-Thing: a b", "accept: c", "X-Empty:"))
		want(t, "HTTP_X_SOME_THING", e.Values["HTTP_X_SOME_THING"], "a b")
		want(t, "HTTP_ACCEPT", e.Values["HTTP_ACCEPT"], "c")
		want(t, "HTTP_HOST", e.Values["HTTP_HOST"], "test.example")
		want(t, "HTTP_X_EMPTY has the type", e.Types["HTTP_X_EMPTY"], "str")
		if !s.Can(harness.Raw) {
			return // there is a Host always
		}
		for key := range rawEnviron(t, s, "GET /environ HTTP/1.0\r\n\r\n").Values {
			if strings.HasPrefix(key, "HTTP_") {
				t.Errorf("%s is there, the request has no fields", key)
			}
		}
	})
}

func TestRepeatedFieldsAreJoined(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		e := environOf(t, s, harness.Ask("GET", "/environ",
			"X-List: a", "x-list:  b\t ", "X-LIST: c", "Cookie: d=1", "Cookie: e=2"))
		list := "a,b,c"
		if !s.Can(harness.Connections) {
			list = "a, b, c" // as nginx joins them
		}
		want(t, "HTTP_X_LIST", e.Values["HTTP_X_LIST"], list)
		want(t, "HTTP_COOKIE", e.Values["HTTP_COOKIE"], "d=1; e=2")
	})
}

func TestUnderscoresShadowNothingAndProxyIsDropped(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		e := environOf(t, s, harness.Ask("GET", "/environ",
			"X_Forwarded_For: evil", "X-Forwarded_For: evil", "Content_Length: 9", "Proxy: evil"))
		for _, key := range []string{"HTTP_X_FORWARDED_FOR", "HTTP_PROXY", "CONTENT_LENGTH", "HTTP_CONTENT_LENGTH"} {
			if v, ok := e.Values[key]; ok {
				t.Errorf("%s=%q must not be there", key, v)
			}
		}
		e = environOf(t, s, harness.Ask("GET", "/environ", "X_Some_User: evil", "X-Some-User: good"))
		want(t, "HTTP_X_SOME_USER", e.Values["HTTP_X_SOME_USER"], "good")
	})
}

func TestBytesRoundTripThroughLatin1(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		e := environOf(t, s, harness.Ask("GET", "/environ/\xc3\xa9/%ff", "X-Bytes: \xe9\xff\x80", "Content-Type: \xe9"))
		want(t, "PATH_INFO", bytesOf(t, e.Values["PATH_INFO"]), "/\xc3\xa9/\xff")
		want(t, "HTTP_X_BYTES", bytesOf(t, e.Values["HTTP_X_BYTES"]), "\xe9\xff\x80")
		want(t, "CONTENT_TYPE", bytesOf(t, e.Values["CONTENT_TYPE"]), "\xe9")
		want(t, "REQUEST_URI", bytesOf(t, e.Values["REQUEST_URI"]), "/environ/\xc3\xa9/%ff")
	})
}
