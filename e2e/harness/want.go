package harness

import (
	"encoding/json"
	"strings"
	"testing"
)

// All returns the values of the fields with this name.
func (res *Response) All(name string) []string {
	var values []string
	for _, f := range res.Fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Get returns the first of them, or "".
func (res *Response) Get(name string) string {
	if all := res.All(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Has says whether there is such a field.
func (res *Response) Has(name string) bool { return len(res.All(name)) > 0 }

// Reason is the status line's text.
func (res *Response) Reason() string {
	parts := strings.SplitN(res.Line, " ", 3)
	return strings.Join(parts[2:], "")
}

// JSON decodes the body into v.
func (res *Response) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(res.Body), v); err != nil {
		t.Fatalf("%s with a body that is not JSON: %v\n%s", res.Line, err, res.Body)
	}
}

// Want fails the test unless the response is whole and has this status and body.
func (res *Response) Want(t testing.TB, status int, body string) {
	t.Helper()
	if res.Status != status || res.Body != body || !res.Complete {
		t.Fatalf("got %s, complete: %t, body %.300q; want %d, body %.300q", res.Line, res.Complete, res.Body, status, body)
	}
}

// WantStatus fails the test unless the response is whole and has this status.
func (res *Response) WantStatus(t testing.TB, status int) {
	t.Helper()
	if res.Status != status || !res.Complete {
		t.Fatalf("got %s, complete: %t, body %.300q; want %d", res.Line, res.Complete, res.Body, status)
	}
}
