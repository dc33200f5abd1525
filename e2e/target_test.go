package e2e

import (
	"testing"

	"highball/e2e/harness"
)

// mounted runs the environ application by itself, with the prefix or at the root.
func mounted(t *testing.T, p harness.Python, prefix string) *harness.Server {
	t.Helper()
	o := harness.Options{App: "environ/wsgi.py", Python: p.Path, Args: []string{"--workers", "1"}}
	if prefix != "" {
		o.Args = append(o.Args, "--script-name", prefix)
	}
	return harness.Shared(t, o)
}

type targetCase struct{ target, script, path string }

func checkTargets(t *testing.T, s *harness.Server, cases []targetCase) {
	t.Helper()
	for _, c := range cases {
		e := environOf(t, s, harness.Request("GET", c.target))
		want(t, "SCRIPT_NAME of "+c.target, bytesOf(t, e.Values["SCRIPT_NAME"]), c.script)
		want(t, "PATH_INFO of "+c.target, bytesOf(t, e.Values["PATH_INFO"]), c.path)
		want(t, "REQUEST_URI of "+c.target, bytesOf(t, e.Values["REQUEST_URI"]), c.target)
	}
}

func TestPathAtTheRoot(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		checkTargets(t, mounted(t, p, ""), []targetCase{
			{"/", "", "/"},
			{"/x", "", "/x"},
			{"//a", "", "//a"},
			{"/a//b/", "", "/a//b/"},
			{"http://other.example/x?y", "", "/x"},
			{"http://other.example", "", "/"},
		})
	})
}

func TestPathBelowAMount(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := mounted(t, p, "/m")
		checkTargets(t, s, []targetCase{
			{"/m", "/m", ""},
			{"/m?q", "/m", ""},
			{"/m/", "/m", "/"},
			{"/m/x%2Fy", "/m", "/x/y"},
			{"/m/%2541", "/m", "/%41"},
			{"/m//a", "/m", "//a"},
			{"/%6d/x", "/m", "/x"},
		})
		for _, outside := range []string{"/", "/mm", "/x/m", "//m"} {
			s.Get(t, outside).WantStatus(t, 404)
		}
	})
}

func TestPathIsDecodedOnceAndNotCleaned(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		checkTargets(t, mounted(t, p, ""), []targetCase{
			{"/%C3%A9", "", "/\xc3\xa9"},
			{"/\xc3\xa9", "", "/\xc3\xa9"},
			{"/a%2Fb%2fc", "", "/a/b/c"},
			{"/%00", "", "/\x00"},
			{"/%2541", "", "/%41"},
			{"/./a/../b/.", "", "/./a/../b/."},
			{"/%2e%2e/a", "", "/../a"},
			{"/a+b;c=d", "", "/a+b;c=d"},
			{"/%0D%0Ax", "", "/\r\nx"},
		})
	})
}
