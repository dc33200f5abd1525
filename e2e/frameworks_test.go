package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// venv returns the interpreter of the virtual environment with the frameworks:
// $HIGHBALL_TEST_VENV, else .venv at the repository's root.
func venv(t *testing.T, module string) string {
	t.Helper()
	dir := os.Getenv("HIGHBALL_TEST_VENV")
	if dir == "" {
		dir = filepath.Join(harness.Root(), ".venv")
	}
	python := filepath.Join(dir, "bin", "python")
	if err := exec.Command(python, "-c", "import "+module).Run(); err != nil {
		t.Skipf("%s cannot import %s: make the virtual environment, or name one in HIGHBALL_TEST_VENV", python, module)
	}
	return python
}

// site is a framework's application under --validate, and a browser.
type site struct {
	*harness.Server
	t       *testing.T
	browser *http.Client
}

func framework(t *testing.T, module, app string, args ...string) site {
	t.Helper()
	python := venv(t, module)
	t.Parallel()
	jar, _ := cookiejar.New(nil)
	s := harness.Start(t, harness.Options{
		App: app + "/wsgi.py", Python: python, Args: append([]string{"--validate", "--workers", "1"}, args...),
	})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return site{s, t, &http.Client{Jar: jar, Timeout: harness.Patience, Transport: transport}}
}

// fetch sends a request and returns the status and the body.
func (s site) fetch(method, path, kind string, body io.Reader) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL(path), body)
	if err != nil {
		s.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := s.browser.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func (s site) want(method, path string, status int, contains string) string {
	s.t.Helper()
	got, body := s.fetch(method, path, "", nil)
	if got != status || !strings.Contains(body, contains) {
		s.t.Errorf("%s %s: got %d %.300q, want %d with %q", method, path, got, body, status, contains)
	}
	return body
}

func (s site) form(path string, values url.Values) (int, string) {
	s.t.Helper()
	return s.fetch("POST", path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

// upload posts a form with a file of that size.
func (s site) upload(path string, size int) (int, string) {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("title", "Title")
	part, _ := w.CreateFormFile("file", "f.bin")
	_, _ = part.Write(bytes.Repeat([]byte{0, '\r', '\n', 0xFF}, size/4))
	_ = w.Close()
	return s.fetch("POST", path, w.FormDataContentType(), &body)
}

// valid fails the test if the validator has complained.
func (s site) valid() {
	s.t.Helper()
	want(s.t, "complaints of the validator", s.Count("AssertionError")+s.Count("garbage collected"), 0)
}

func TestFlask(t *testing.T) {
	s := framework(t, "flask", "flask_site")
	s.want("GET", "/", 200, "<p>index</p>")
	s.want("GET", "/nowhere", 404, "Not Found")
	s.want("POST", "/", 405, "Method Not Allowed")
	var hello struct {
		Hello, URL string
		Query      map[string]string
	}
	_ = json.Unmarshal([]byte(s.want("GET", "/hello/w%C3%B6rld?a=%20b", 200, "hello")), &hello)
	want(t, "the name, its URL and the query", hello.Hello+" "+hello.URL+hello.Query["a"], "wörld "+s.URL("/hello/w%C3%B6rld")+" b")
	want(t, "lines streamed", strings.Count(s.want("GET", "/stream?of=many", 200, "line 999 of many\n"), "\n"), 1000)
	for _, size := range []int{400, 4_000_000} {
		_, body := s.upload("/upload", size)
		var got struct {
			Name, Title string
			Size        int
		}
		_ = json.Unmarshal([]byte(body), &got)
		if got.Name != "f.bin" || got.Title != "Title" || got.Size != size {
			t.Errorf("upload of %d: got %q", size, body)
		}
	}
	if status, body := s.fetch("PUT", "/json", "application/json", strings.NewReader(`{"a": [1]}`)); status != 200 || compact(strings.TrimSpace(body)) != `{"a":[1]}` {
		t.Errorf("JSON: got %d %q", status, body)
	}
	s.want("GET", "/whoami", 200, "nobody")
	if status, body := s.form("/login", url.Values{"user": {"ann"}}); status != 200 || body != "ann" {
		t.Errorf("after the log-in: %d %q", status, body)
	}
	s.want("GET", "/whoami", 200, "ann")
	want(t, "size of the file", len(s.want("GET", "/file", 200, "0123456789")), 100_000)
	s.want("GET", "/script", 200, "Flask: routes, streaming")
	part := s.Get(t, "/file", "Range: bytes=5-9")
	part.Want(t, 206, "56789")
	s.Get(t, "/file", `If-None-Match: "v1"`).Want(t, 304, "")
	s.want("GET", "/error", 500, "Internal Server Error")
	s.want("HEAD", "/", 200, "")
	s.valid()
}

var csrfToken = regexp.MustCompile(`name="csrfmiddlewaretoken" value="([^"]+)"`)

func TestDjango(t *testing.T) {
	s := framework(t, "django", "django_site", "--env", "DJANGO_DB="+filepath.Join(t.TempDir(), "db.sqlite3"))
	page := s.want("GET", "/admin/", 200, "Log in") // after a redirect to the form
	token := csrfToken.FindStringSubmatch(page)
	if token == nil {
		t.Fatalf("no form in %q", page)
	}
	login := url.Values{"csrfmiddlewaretoken": {token[1]}, "username": {"root"}, "password": {"wrong"}, "next": {"/admin/"}}
	if _, body := s.form("/admin/login/?next=/admin/", login); !strings.Contains(body, "Please enter the correct username") {
		t.Errorf("a wrong password: %.300q", body)
	}
	login.Set("password", "secret")
	if status, body := s.form("/admin/login/?next=/admin/", login); status != 200 || !strings.Contains(body, "Site administration") {
		t.Errorf("after the log-in: %d %.300q", status, body)
	}
	s.want("GET", "/admin/auth/user/", 200, "root@example.com")
	if status, _ := s.form("/admin/auth/group/add/", url.Values{"name": {"stolen"}}); status != 403 {
		t.Errorf("a form without its token: %d", status)
	}

	_, _ = s.form("/groups/", url.Values{"name": {"editors"}})
	_, _ = s.form("/groups/", url.Values{"name": {"bögen"}})
	s.want("GET", "/groups/", 200, `{"groups": ["b\u00f6gen", "editors"]}`)
	for _, size := range []int{10, 100_000} { // Django reads no more than CONTENT_LENGTH says
		form := "name=" + strings.Repeat("x", size)
		status, body := s.fetch("POST", "/upload/", "application/x-www-form-urlencoded", io.MultiReader(strings.NewReader(form)))
		if status != 200 || body != fmt.Sprintf(`{"length": %d, "form": "%s"}`, len(form), form[5:]) {
			t.Errorf("a chunked form of %d bytes: %d %.300q", size, status, body)
		}
	}
	s.want("GET", "/file/", 200, "Django in one file")
	want(t, "lines streamed", strings.Count(s.want("GET", "/stream/", 200, "line 999\n"), "\n"), 1000)
	s.want("GET", "/nowhere/", 404, "")
	s.valid()
}

func TestWerkzeug(t *testing.T) {
	s := framework(t, "werkzeug", "werkzeug_site")
	s.want("GET", "/", 200, "index")
	s.want("GET", "/nowhere", 404, "Not Found")
	if status, body := s.fetch("POST", "/shout", "text/plain", strings.NewReader("loud")); status != 200 || body != "LOUD" {
		t.Errorf("got %d %q", status, body)
	}
	want(t, "cookies", strings.Join(s.Get(t, "/cookie").All("Set-Cookie"), " "), "a=1; Path=/ b=2; Path=/")
	s.valid()
}

func TestBottle(t *testing.T) {
	s := framework(t, "bottle", "bottle_site")
	s.want("GET", "/hello/you", 200, `{"hello": "you"}`)
	s.want("GET", "/nowhere", 404, "Not found")
	if status, body := s.upload("/form", 100_000); status != 200 || body != "Title f.bin" {
		t.Errorf("got %d %q", status, body)
	}
	s.want("GET", "/stream", 200, "line 99\n")
	s.want("GET", "/static", 200, "Bottle: routes, forms")
	s.valid()
}
