package e2e

import (
	"testing"

	"highball/e2e/harness"
)

// mounted runs the environ application by itself, with the prefix or at the root.
func mounted(prefix string) func(harness.Python) harness.Options {
	return func(p harness.Python) harness.Options {
		o := harness.Options{App: "environ/wsgi.py", Python: p.Path, Args: []string{"--workers", "1"}}
		if prefix != "" {
			o.Args = append(o.Args, "--script-name", prefix)
		}
		return harness.Listening(o)
	}
}

type targetCase struct{ target, script, path string }

func checkTargets(t *testing.T, s *harness.Client, cases []targetCase) {
	t.Helper()
	for _, c := range cases {
		e := environOf(t, s, harness.Ask("GET", c.target))
		want(t, "SCRIPT_NAME of "+c.target, bytesOf(t, e.Values["SCRIPT_NAME"]), c.script)
		want(t, "PATH_INFO of "+c.target, bytesOf(t, e.Values["PATH_INFO"]), c.path)
		want(t, "REQUEST_URI of "+c.target, bytesOf(t, e.Values["REQUEST_URI"]), c.target)
	}
}

func TestPathAtTheRoot(t *testing.T) {
	onWiresOf(t, mounted(""), func(t *testing.T, s *harness.Client) {
		checkTargets(t, s, []targetCase{
			{"/", "", "/"},
			{"/x", "", "/x"},
			{"//a", "", "//a"},
			{"/a//b/", "", "/a//b/"},
		})
		if s.Can(harness.Raw) {
			checkTargets(t, s, []targetCase{
				{s.Scheme + "://other.example/x?y", "", "/x"},
				{s.Scheme + "://other.example", "", "/"},
			})
		}
	})
}

func TestPathBelowAMount(t *testing.T) {
	onWiresOf(t, mounted("/m"), func(t *testing.T, s *harness.Client) {
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
	}, harness.Connections)
}

func TestPathIsDecodedOnceAndNotCleaned(t *testing.T) {
	onWiresOf(t, mounted(""), func(t *testing.T, s *harness.Client) {
		checkTargets(t, s, []targetCase{
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
