package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

var hows = []string{"one", "list", "generator", "write"}

func TestNeverMoreThanContentLength(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, how := range hows {
			for _, declared := range []string{"5", "0"} {
				tag := newTag()
				c := s.Dial(t).Send(harness.Request("GET", "/lengths/"+how+"?send=9&declare="+declared+"&tag="+tag), harness.Request("GET", "/hello"))
				r := c.Response("GET")
				if how == "write" && declared == "0" {
					if r.Status != 200 && r.Status != 500 {
						t.Errorf("write: got %s", r.Line)
					}
				} else {
					r.Want(t, 200, "xxxxx"[:declared[0]-'0'])
				}
				c.Response("GET").Want(t, 200, "hello")
			}
		}
	})
}

func TestIterationStopsAtContentLength(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		tag := newTag()
		s.Get(t, "/lengths/generator?declare=5&send=9&tag="+tag).Want(t, 200, "xxxxx")
		e := closedOnce(t, s, "Content-Length reached", tag)
		want(t, "the line", e.Message(), tag+" closed after 5")
	})
}

func TestWriteBeyondContentLengthRaises(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		tag := newTag()
		s.Get(t, "/lengths/write?declare=5&send=9&tag="+tag).Want(t, 200, "xxxxx")
		s.WaitText(t, tag+" write raised ValueError")
	})
}

func TestBodyThatIsTooLongIsLogged(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		before := s.Count("is longer than its Content-Length of 7 bytes")
		s.Get(t, "/lengths/one?declare=7&send=9").Want(t, 200, "xxxxxxx")
		s.Wait(t, func(e harness.Entry) bool {
			return s.Count("is longer than its Content-Length of 7 bytes") > before && e.Text("request") != ""
		})
	})
}

func TestBodyThatIsTooShortEndsTheConnection(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
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
	})
}

func TestBodyThatIsTooShortIsLogged(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, how := range hows {
			text := "has 4 bytes of the " + map[string]string{"one": "21", "list": "22", "generator": "23", "write": "24"}[how]
			s.Get(t, "/lengths/"+how+"?send=4&declare="+strings.Fields(text)[5])
			e := s.WaitText(t, text+" that its Content-Length promises")
			want(t, "level", e.Text("level"), "ERROR")
		}
	})
}

func TestFramingWithoutALength(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, how := range []string{"generator", "write"} {
			r := s.Get(t, "/no_length/"+how)
			r.Want(t, 200, "body")
			want(t, how+" to HTTP/1.1", r.Get("Transfer-Encoding"), "chunked")

			r = s.Do(t, "GET /no_length/"+how+" HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
			r.Want(t, 200, "body") // Want sees that the connection has ended
			if r.Has("Transfer-Encoding") || r.Has("Content-Length") || strings.EqualFold(r.Get("Connection"), "keep-alive") {
				t.Errorf("%s to HTTP/1.0: %v", how, r.Fields)
			}
		}
		for _, request := range []string{
			harness.Request("HEAD", "/no_length/generator"),
			harness.Request("GET", "/no_body/204?how=yields"),
			harness.Request("GET", "/no_body/304?how=yields"),
		} {
			c := s.Dial(t).Send(request, harness.Request("GET", "/hello"))
			method, _, _ := strings.Cut(request, " ")
			r := c.Response(method)
			if r.Status != 200 && (r.Has("Transfer-Encoding") || r.Has("Content-Length")) {
				t.Errorf("%.30q: %v", request, r.Fields)
			}
			c.Response("GET").Want(t, 200, "hello")
		}
	})
}

func TestHeadHasTheFieldsOfGetAndNoBody(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, path := range []string{"/no_length/one", "/fields", "/every_byte/list?n=1000", "/lengths/generator?declare=5&send=5", "/files/plain"} {
			get := s.Get(t, path)
			c := s.Dial(t).Send(harness.Request("HEAD", path), harness.Request("GET", "/hello"))
			head := c.Response("HEAD")
			want(t, path+": status line", head.Line, get.Line)
			want(t, path+": fields", fieldsButDate(head), fieldsButDate(get))
			c.Response("GET").Want(t, 200, "hello")
		}
	})
}

func fieldsButDate(r *harness.Response) string {
	var b strings.Builder
	for _, f := range r.Fields {
		if f.Name != "Date" {
			b.WriteString(f.Name + ": " + f.Value + "\n")
		}
	}
	return b.String()
}

func TestStatusesWithoutABody(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, status := range []string{"204", "304"} {
			for _, how := range []string{"list", "empty", "yields"} {
				c := s.Dial(t).Send(harness.Request("GET", "/no_body/"+status+"?how="+how), harness.Request("GET", "/hello"))
				r := c.Response("GET")
				if r.Has("Content-Length") || r.Has("Transfer-Encoding") {
					t.Errorf("%s, %s: a length was invented: %v", status, how, r.Fields)
				}
				c.Response("GET").Want(t, 200, "hello")
			}
		}
		r := s.Dial(t).Send(harness.Request("HEAD", "/no_body/200?how=list&length=1234")).Response("HEAD")
		want(t, "Content-Length of HEAD", r.Get("Content-Length"), "1234")
	})
}
