package main

import (
	"testing"

	"highball/internal/h1/h1test"
)

// What the application may have seen, and what the server may have answered.
var (
	theCase   = message{method: "POST", path: "/a", host: "h", fields: map[string]string{}, body: "hello", whole: true}
	brokenOff = message{method: "POST", path: "/a", host: "h", fields: map[string]string{}}
	theOther  = message{method: "GET", path: behindPath, whole: true}
	stowaway  = message{method: "GET", path: "/admin", whole: true}
)

func outcomeOf(closed bool, statuses []int, seen ...message) outcome {
	o := outcome{closed: closed, seen: seen}
	for _, status := range statuses {
		o.answers = append(o.answers, answer{status: status, seen: status == 200})
	}
	return o
}

func TestWhatHasToBeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		outcome outcome
		want    judgement
	}{
		"an error, closed":           {outcomeOf(true, []int{400}), refused},
		"closed without an answer":   {outcomeOf(true, nil), refused},
		"a body that broke off":      {outcomeOf(true, []int{400}, brokenOff), refused},
		"an error, left open":        {outcomeOf(false, []int{400}), kept},
		"an error, the next served":  {outcomeOf(true, []int{400, 200}, theOther), kept},
		"broken off, next served":    {outcomeOf(false, []int{500, 200}, brokenOff, theOther), kept},
		"served, closed":             {outcomeOf(true, []int{200}, theCase), taken},
		"served, left open":          {outcomeOf(false, []int{200}, theCase), goneOn},
		"served, the next as well":   {outcomeOf(true, []int{200, 200}, theCase, theOther), goneOn},
		"a second one in it":         {outcomeOf(true, []int{200, 200}, theCase, stowaway), goneOn},
		"passed over":                {outcomeOf(true, []int{200}, theOther), goneOn},
		"served, and then an error":  {outcomeOf(true, []int{200, 400}, theCase), taken},
		"nothing":                    {outcomeOf(false, nil), silent},
		"204 of the server itself":   {outcomeOf(false, []int{204}), goneOn},
		"an error page without head": {outcome{strange: "<html>", closed: true}, refused},
		"frames of HTTP/2":           {outcome{strange: "\x00\x00\x06\x04", closed: true}, taken},
	} {
		if got := judgeRefused(c.outcome); got.judgement != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestWhatHasToBeAccepted(t *testing.T) {
	open := h1test.Accepted{Method: "POST", Target: "/a", Host: "h", Body: []byte("hello")}
	closing := open
	closing.Close = true
	for name, c := range map[string]struct {
		accepted h1test.Accepted
		outcome  outcome
		want     judgement
	}{
		"both served":                  {open, outcomeOf(false, []int{200, 200}, theCase, theOther), alike},
		"closed behind it":             {open, outcomeOf(true, []int{200}, theCase), alike},
		"closed as it has to be":       {closing, outcomeOf(true, []int{200}, theCase), alike},
		"served behind close":          {closing, outcomeOf(true, []int{200, 200}, theCase, theOther), otherwise},
		"the next one lost":            {open, outcomeOf(false, []int{200}, theCase), otherwise},
		"a second one in it":           {open, outcomeOf(false, []int{200, 200, 200}, theCase, stowaway, theOther), otherwise},
		"not answered":                 {open, outcomeOf(true, nil, theCase), otherwise},
		"the body broke off":           {open, outcomeOf(true, []int{500}, brokenOff), otherwise},
		"another one":                  {open, outcomeOf(true, []int{200}, stowaway), otherwise},
		"an error":                     {open, outcomeOf(true, []int{400}), declined},
		"an error, and the next":       {open, outcomeOf(false, []int{405, 200}, theOther), declined},
		"closed without an answer":     {open, outcomeOf(true, nil), declined},
		"204 of the server itself":     {open, outcomeOf(false, []int{204, 200}, theOther), otherwise},
		"nothing, as of one who waits": {open, outcomeOf(false, nil), silent},
	} {
		if got := judgeAccepted(c.accepted, c.outcome); got.judgement != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// Each part of a request that an application may see otherwise is told.
func TestCompare(t *testing.T) {
	c := h1test.Accepted{
		Method: "POST", Target: "/a%20b?q=%20", Host: "h", Body: []byte("hello"),
		Fields: []h1test.Field{
			{Name: "X-A", Value: "1, 2"}, {Name: "x-a", Value: "3"}, {Name: "Cookie", Value: "a=1"}, {Name: "Cookie", Value: "b=2"},
			{Name: "Content-Type", Value: "text/plain"}, {Name: "Connection", Value: "close"},
		},
	}
	good := func() message {
		return message{
			method: "POST", path: "/a b", query: "q=%20", host: "h", body: "hello", whole: true,
			fields: map[string]string{"HTTP_X_A": "1,2,3", "HTTP_COOKIE": "a=1; b=2", "CONTENT_TYPE": "text/plain"},
		}
	}
	if got := compare(good(), c); got != "" {
		t.Fatal(got)
	}
	for want, change := range map[string]func(*message){
		"method GET":                  func(m *message) { m.method = "GET" },
		"path /a%20b":                 func(m *message) { m.path = "/a%20b" },
		"query ":                      func(m *message) { m.query = "" },
		"host other":                  func(m *message) { m.host = "other" },
		"field missing: CONTENT_TYPE": func(m *message) { delete(m.fields, "CONTENT_TYPE") },
		"field differs: HTTP_X_A":     func(m *message) { m.fields["HTTP_X_A"] = "shadow" },
		"field added: HTTP_X_T":       func(m *message) { m.fields["HTTP_X_T"] = "of a trailer" },
		"the body cannot be read":     func(m *message) { m.whole = false },
		"body of 4 bytes for 5":       func(m *message) { m.body = "hell" },
	} {
		m := good()
		change(&m)
		if got := compare(m, c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A server may leave out fields that would shadow others in environ, or join them.
func TestShadowsMayBeLeftOut(t *testing.T) {
	c := h1test.Accepted{Method: "GET", Target: "/", Fields: []h1test.Field{
		{Name: "X-A", Value: "1"}, {Name: "X_A", Value: "shadow"}, {Name: "Proxy", Value: "http://evil.example"},
	}}
	for value, want := range map[string]string{"1": "", "shadow": "field"} {
		got := compare(message{method: "GET", path: "/", whole: true, fields: map[string]string{"HTTP_X_A": value}}, c)
		if (got == "") != (want == "") {
			t.Errorf("%s: %q", value, got)
		}
	}
	joined := message{method: "GET", path: "/", whole: true, fields: map[string]string{"HTTP_X_A": "1,shadow", "HTTP_PROXY": "http://evil.example"}}
	if got := compare(joined, c); got != "" {
		t.Error(got)
	}
}
