package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// framings are the ways in which a body comes, and is given to the application: with
// the request, if it is large in a file, or while it comes.
func framings(s *harness.Client, ops, body string) map[string]harness.Exchange {
	path := "/input?ops=" + url.QueryEscape(ops)
	half := len(body) / 2
	ways := map[string]harness.Exchange{}
	for name, prefix := range map[string]string{"": "", ", streamed": "/streamed"} {
		ways["length"+name] = harness.Ask("POST", prefix+path).With(body)
		ways["expect"+name] = harness.Ask("POST", prefix+path, "Expect: 100-continue").With(body)
		if s.Can(harness.Framing) {
			ways["pieces"+name] = harness.Ask("POST", prefix+path).InPieces(body[:half], body[half:])
		}
	}
	return ways
}

// checkInput has the application call ops on a body in each framing; want is
// the JSON of the results.
func checkInput(t *testing.T, ops, body, results string) {
	t.Helper()
	onWires(t, func(t *testing.T, s *harness.Client) {
		for name, request := range framings(s, ops, body) {
			if got := s.Do(t, request); got.Status != 200 || compact(got.Body) != compact(results) {
				t.Errorf("%s of %q, %s: got %s %s, want %s", ops, body, name, got.Line, got.Body, results)
			}
		}
	})
}

func compact(s string) string { return strings.ReplaceAll(s, " ", "") }

func TestInputReadSize(t *testing.T) { checkInput(t, "read:2,read:3", "abcdef", `["ab","cde"]`) }

func TestInputReadToTheEnd(t *testing.T) {
	t.Run("read()", func(t *testing.T) { checkInput(t, "read:1,read", "abcd", `["a","bcd"]`) })
	t.Run("read(-1)", func(t *testing.T) { checkInput(t, "read:-1", "abcd", `["abcd"]`) })
}

func TestInputEndsAgainAndAgain(t *testing.T) {
	checkInput(t, "read,read,read:5,readline,readlines,iter,next,read", "ab", `["ab","","","",[],[],"",""]`)
}

func TestInputOfNoBodyIsEmpty(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		s.Get(t, "/input?ops=read,read:5,readline,readlines,iter").Want(t, 200, `["", "", "", [], []]`)
	})
}

func TestInputReadline(t *testing.T) {
	checkInput(t, "readline,readline,readline", "a\n\nb", `["a\n","\n","b"]`)
}

func TestInputReadlineSize(t *testing.T) {
	checkInput(t, "readline:2,readline:9,readline:0,readline:-1", "abc\nd\ne", `["ab","c\n","","d\n"]`)
}

func TestInputReadlines(t *testing.T) {
	t.Run("all", func(t *testing.T) { checkInput(t, "readlines", "a\nb\nc", `[["a\n","b\n","c"]]`) })
	t.Run("hint", func(t *testing.T) { checkInput(t, "readlines:3,read", "a\nb\nc", `[["a\n","b\n"],"c"]`) })
}

func TestInputIsIterable(t *testing.T) {
	checkInput(t, "next,iter", "a\nb\r\nc", `["a\n",["b\r\n","c"]]`)
}

func TestInputSemanticsOfTheLibrary(t *testing.T) {
	checkInput(t, "read:0,read:100,read:1", "abc", `["","abc",""]`)
}

// The next request lies in the same segment: no read may touch it.
func TestInputEndsBeforeThePipelinedRequest(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, op := range []string{"read:1000000", "read", "readline", "readlines", "iter", "read:1000000,read:1000000"} {
			for name, post := range framings(s, op, "ab") {
				r := inSync(t, s, post)
				if r.Status != 200 || !strings.HasPrefix(strings.Trim(r.Body, "["), `"ab"`) {
					t.Errorf("%s, %s: got %s %s", op, name, r.Line, r.Body)
				}
			}
		}
	})
}

func TestChunkedBodyArrivesDecoded(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, path := range []string{"/echo", "/streamed/echo"} {
			pieces := harness.Ask("POST", path).InPieces("abc", "d", "\r\n0\r\n\r\n")
			s.Do(t, pieces).Want(t, 200, "abcd\r\n0\r\n\r\n")
			s.Do(t, pieces.Trailed("X-Trailer: 1")).Want(t, 200, "abcd\r\n0\r\n\r\n")
		}
		if s.Can(harness.Raw) {
			extended := harness.Request("POST", "/echo", "Transfer-Encoding: chunked") + "003;a=b\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n"
			s.Raw(t, extended).Want(t, 200, "abc")
		}
	}, harness.Framing)
}

// Trailers are neither fields of the request nor of the next one; the application is told
// of their names, if the client tells.
func TestTrailersAreNoFields(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		prefixes := []string{""}
		if s.Can(harness.Raw) || !harness.OtherEngine() { // net/http ends a connection of HTTP/2 whose trailers cross the answer
			prefixes = append(prefixes, "/streamed")
		}
		for _, prefix := range prefixes {
			l := s.Connect(t)
			for _, e := range []harness.Exchange{
				harness.Ask("POST", prefix+"/environ", "Trailer: X-Trailer").InPieces("abc").Trailed("X-Trailer: evil"),
				harness.Ask("POST", prefix+"/environ").InPieces("abc").Trailed("X-Trailer: evil", "Content-Type: evil", "Host: evil"),
				harness.Ask("GET", "/environ"),
			} {
				var got environ
				l.Do(e).JSON(t, &got)
				want(t, prefix+" HTTP_TRAILER", got.Values["HTTP_TRAILER"] != "", len(e.Fields) > 0)
				for key, value := range got.Values {
					if strings.Contains(value, "evil") || key == "HTTP_X_TRAILER" {
						t.Errorf("%s has %s=%q of a trailer", e.Target, key, value)
					}
				}
			}
		}
	}, harness.Framing)
}

func TestLargeBodiesOfUnknownLength(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		body := strings.Repeat("0123456789", 50_000)
		for _, path := range []string{"/echo", "/streamed/echo"} {
			r := s.Do(t, harness.Ask("POST", path).InPieces(body[:1], body[1:]))
			want(t, path+": the body is the same", r.Body == body && r.Complete, true)
		}
	}, harness.Framing)
}

func TestChunkedRequestEndsByItself(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for path, has := range map[string]map[string]string{
			"":          {"CONTENT_LENGTH": "3"}, // it has come whole, and is chunked no longer
			"/streamed": {"HTTP_TRANSFER_ENCODING": chunked(s)},
		} {
			e := environOf(t, s, harness.Ask("POST", path+"/environ").InPieces("abc"))
			want(t, "wsgi.input_terminated", e.Values["wsgi.input_terminated"], "True")
			for _, name := range []string{"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"} {
				want(t, path+" "+name, e.Values[name], has[name])
			}
			s.Do(t, harness.Ask("POST", path+"/reads").InPieces("abc")).Want(t, 200, "read 3")
		}
	}, harness.Framing)
}

// chunked is the coding of a body that is sent in pieces: RFC 9113 8.2.2 and RFC 9114
// 4.2 leave none.
func chunked(s *harness.Client) string {
	if s.Can(harness.Raw) {
		return "chunked"
	}
	return ""
}

// Reads of any size, in any order, over any cut of the network give the same.
func TestInputProperty(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for seed := range uint64(25) {
			random := rand.New(rand.NewPCG(seed, 0))
			body := randomText(random)
			ops := randomOps(random)
			want := oracle(body, ops)
			for name, request := range framings(s, strings.Join(ops, ","), body) {
				c := s.Start(t, request.Begun(request.Length, ""))
				for body := body; body != ""; {
					n := min(len(body), 1+random.IntN(1+len(body)/3))
					c.Send(body[:n])
					body = body[n:]
				}
				var got []any
				c.End().Response().JSON(t, &got)
				if fmt.Sprint(got...) != fmt.Sprint(want...) {
					t.Fatalf("seed %d, %s, %v of %d bytes: the results differ", seed, name, ops, len(body))
				}
			}
		}
	})
}

func randomText(random *rand.Rand) string {
	sizes := []int{10, 1000, 70_000, 300_000}
	text := make([]byte, random.IntN(sizes[random.IntN(len(sizes))]))
	for i := range text {
		text[i] = "abcdefghij\n\r"[random.IntN(12)]
	}
	return string(text)
}

func randomOps(random *rand.Rand) []string {
	ops := make([]string, 3+random.IntN(10))
	for i := range ops {
		switch random.IntN(5) {
		case 0:
			ops[i] = "readline"
		case 1:
			ops[i] = fmt.Sprintf("readline:%d", random.IntN(20))
		case 2:
			ops[i] = "next"
		default:
			ops[i] = fmt.Sprintf("read:%d", random.IntN(1<<random.IntN(18)))
		}
	}
	return append(ops, "readlines", "read")
}

// oracle is the same on a string.
func oracle(body string, ops []string) []any {
	var results []any
	for _, op := range ops {
		name, size, sized := strings.Cut(op, ":")
		n, _ := strconv.Atoi(size)
		if !sized || n > len(body) {
			n = len(body)
		}
		if name == "readlines" {
			lines := []any{}
			for line := range strings.Lines(body) {
				lines = append(lines, line)
			}
			results, body = append(results, lines), ""
			continue
		}
		if i := strings.IndexByte(body, '\n'); name != "read" && i >= 0 && i < n {
			n = i + 1
		}
		results, body = append(results, body[:n]), body[n:]
	}
	return results
}
