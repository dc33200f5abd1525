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
func framings(ops, body string) map[string]string {
	path := "/input?ops=" + url.QueryEscape(ops)
	half := len(body) / 2
	return map[string]string{
		"length":            harness.Post(path, body),
		"chunked":           harness.PostChunked(path, body[:half], body[half:]),
		"expect":            harness.Post(path, body, "Expect: 100-continue"),
		"length, streamed":  harness.Post("/streamed"+path, body),
		"chunked, streamed": harness.PostChunked("/streamed"+path, body[:half], body[half:]),
		"expect, streamed":  harness.Post("/streamed"+path, body, "Expect: 100-continue"),
	}
}

// checkInput has the application call ops on a body in each framing; want is
// the JSON of the results.
func checkInput(t *testing.T, ops, body, results string) {
	t.Helper()
	onEach(t, func(t *testing.T, s *harness.Server) {
		for name, request := range framings(ops, body) {
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
	onEach(t, func(t *testing.T, s *harness.Server) {
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
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, op := range []string{"read:1000000", "read", "readline", "readlines", "iter", "read:1000000,read:1000000"} {
			for name, post := range framings(op, "ab") {
				c := s.Dial(t).Send(post, harness.Request("GET", "/hello"))
				r := c.Response("POST")
				if r.Status != 200 || !strings.HasPrefix(strings.Trim(r.Body, "["), `"ab"`) {
					t.Errorf("%s, %s: got %s %s", op, name, r.Line, r.Body)
				}
				c.Response("GET").Want(t, 200, "hello")
			}
		}
	})
}

func TestChunkedBodyArrivesDecoded(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		s.Do(t, harness.PostChunked("/echo", "abc", "d", "\r\n0\r\n\r\n")).Want(t, 200, "abcd\r\n0\r\n\r\n")
		extended := harness.Request("POST", "/echo", "Transfer-Encoding: chunked") + "003;a=b\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n"
		s.Do(t, extended).Want(t, 200, "abc")
	})
}

func TestChunkedRequestEndsByItself(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for path, has := range map[string]map[string]string{
			"":          {"CONTENT_LENGTH": "3"}, // it has come whole, and is chunked no longer
			"/streamed": {"HTTP_TRANSFER_ENCODING": "chunked"},
		} {
			e := environOf(t, s, harness.PostChunked(path+"/environ", "abc"))
			want(t, "wsgi.input_terminated", e.Values["wsgi.input_terminated"], "True")
			for _, name := range []string{"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"} {
				want(t, path+" "+name, e.Values[name], has[name])
			}
			s.Do(t, harness.PostChunked(path+"/reads", "abc")).Want(t, 200, "read 3")
		}
	})
}

// Reads of any size, in any order, over any cut of the network give the same.
func TestInputProperty(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for seed := range uint64(25) {
			random := rand.New(rand.NewPCG(seed, 0))
			body := randomText(random)
			ops := randomOps(random)
			want := oracle(body, ops)
			for name, request := range framings(strings.Join(ops, ","), body) {
				c := s.Dial(t)
				for request != "" {
					n := min(len(request), 1+random.IntN(1+len(request)/3))
					c.Send(request[:n])
					request = request[n:]
				}
				var got []any
				c.Response("POST").JSON(t, &got)
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
