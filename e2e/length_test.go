package e2e

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"highball/e2e/harness"
)

var hows = []string{"one", "list", "generator", "write"}

func TestNeverMoreThanContentLength(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, how := range hows {
			for _, declared := range []string{"5", "0"} {
				tag := newTag()
				r := inSync(t, s, harness.Ask("GET", "/lengths/"+how+"?send=9&declare="+declared+"&tag="+tag))
				if how == "write" && declared == "0" {
					if r.Status != 200 && r.Status != 500 {
						t.Errorf("write: got %s", r.Line)
					}
				} else {
					r.Want(t, 200, "xxxxx"[:declared[0]-'0'])
				}
			}
		}
	})
}

func TestIterationStopsAtContentLength(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		s.Get(t, "/lengths/generator?declare=5&send=9&tag="+tag).Want(t, 200, "xxxxx")
		e := closedOnce(t, s, "Content-Length reached", tag)
		want(t, "the line", e.Message(), tag+" closed after 5")
	})
}

func TestWriteBeyondContentLengthRaises(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		tag := newTag()
		s.Get(t, "/lengths/write?declare=5&send=9&tag="+tag).Want(t, 200, "xxxxx")
		s.WaitText(t, tag+" write raised ValueError")
	})
}

func TestBodyThatIsTooLongIsLogged(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		declared := int(1000 + lengths.Add(1))
		s.Get(t, fmt.Sprintf("/lengths/one?declare=%d&send=%d", declared, declared+2)).Want(t, 200, strings.Repeat("x", declared))
		e := s.WaitText(t, fmt.Sprintf("is longer than its Content-Length of %d bytes", declared))
		want(t, "the line has the request's id", e.Text("request") != "", true)
	})
}

func TestBodyThatIsTooShortEndsTheConnection(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, how := range hows {
			for _, sent := range []string{"5", "0"} {
				c := s.Dial(t).Send(harness.Request("GET", "/lengths/"+how+"?declare=9&send="+sent, "Connection: keep-alive"))
				r := c.Response("GET")
				if r.Complete || r.Get("Content-Length") != "9" || len(r.Body) != int(sent[0]-'0') {
					t.Errorf("%s of %s: got %s %v %q, complete: %t", how, sent, r.Line, r.Fields, r.Body, r.Complete)
				}
				c.ExpectEnd()
			}
		}
	}, harness.Raw)
}

func TestBodyThatIsTooShortIsCut(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, how := range hows {
			for _, sent := range []string{"5", "0"} {
				wantCut(t, s, "/lengths/"+how+"?declare=9&send="+sent, "xxxxx"[:sent[0]-'0'])
			}
		}
	})
}

// lengths are numbers that occur in no other test's lines.
var lengths atomic.Int64

func TestBodyThatIsTooShortIsLogged(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, how := range hows {
			declared := fmt.Sprint(1000 + lengths.Add(1))
			s.Start(t, harness.Ask("GET", "/lengths/"+how+"?send=4&declare="+declared)).Outcome()
			e := s.WaitText(t, "has 4 bytes of the "+declared+" that its Content-Length promises")
			want(t, "level", e.Text("level"), "ERROR")
		}
	})
}

func TestFramingWithoutALength(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, how := range []string{"generator", "write"} {
			r := s.Get(t, "/no_length/"+how)
			r.Want(t, 200, "body")
			if !s.Can(harness.Raw) {
				want(t, how+": fields of HTTP/1", r.Has("Transfer-Encoding") || r.Has("Content-Length"), false)
				continue
			}
			want(t, how+" to HTTP/1.1", r.Get("Transfer-Encoding"), "chunked")

			r = s.Raw(t, "GET /no_length/"+how+" HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
			r.Want(t, 200, "body") // Want sees that the connection has ended
			if r.Has("Transfer-Encoding") || r.Has("Content-Length") || strings.EqualFold(r.Get("Connection"), "keep-alive") {
				t.Errorf("%s to HTTP/1.0: %v", how, r.Fields)
			}
		}
		for _, e := range []harness.Exchange{
			harness.Ask("HEAD", "/no_length/generator"),
			harness.Ask("GET", "/no_body/204?how=yields"),
			harness.Ask("GET", "/no_body/304?how=yields"),
		} {
			r := inSync(t, s, e)
			if r.Status != 200 && (r.Has("Transfer-Encoding") || r.Has("Content-Length")) {
				t.Errorf("%s %s: %v", e.Method, e.Target, r.Fields)
			}
		}
	})
}

func TestHeadHasTheFieldsOfGetAndNoBody(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, path := range []string{"/no_length/one", "/fields", "/every_byte/list?n=1000", "/lengths/generator?declare=5&send=5", "/files/plain"} {
			get := s.Get(t, path)
			head := inSync(t, s, harness.Ask("HEAD", path))
			want(t, path+": status line", head.Line, get.Line)
			want(t, path+": fields", fieldsButDate(head), fieldsButDate(get))
		}
	})
}

func fieldsButDate(r *harness.Response) string {
	var b strings.Builder
	for _, f := range r.Fields {
		if !strings.EqualFold(f.Name, "Date") {
			b.WriteString(f.Name + ": " + f.Value + "\n")
		}
	}
	return b.String()
}

func TestStatusesWithoutABody(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, status := range []string{"204", "304"} {
			for _, how := range []string{"list", "empty", "yields"} {
				r := inSync(t, s, harness.Ask("GET", "/no_body/"+status+"?how="+how))
				if r.Has("Content-Length") || r.Has("Transfer-Encoding") {
					t.Errorf("%s, %s: a length was invented: %v", status, how, r.Fields)
				}
			}
		}
		r := s.Do(t, harness.Ask("HEAD", "/no_body/200?how=list&length=1234"))
		want(t, "Content-Length of HEAD", r.Get("Content-Length"), "1234")
	})
}
