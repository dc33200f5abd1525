package behind

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"highball/e2e/harness"
)

const mib = 1 << 20

// bigSize is what passes each way, in MiB. A GiB by each of the set-ups takes minutes.
func (u setup) bigSize() int {
	if long() || u.name == "nginx/http/unix" {
		return 1024
	}
	return 96
}

// sum is what the application says of a body.
type sum struct {
	Length int64
	CRC32  uint32
}

func upload(t *testing.T, client *http.Client, url string, body io.Reader, length int64) (sum, *http.Response) {
	t.Helper()
	request, err := http.NewRequest("POST", url, body)
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = length
	r, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got sum
	if r.StatusCode == http.StatusOK {
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	return got, r
}

// uploadsArriveWhole: with a length, and in chunks, which Apache does not pass on by uwsgi.
func uploadsArriveWhole(t *testing.T, s *site) {
	for _, size := range []int{0, 1, 64 << 10, 300<<10 + 7} {
		for _, length := range []int64{int64(size), -1} {
			for _, http2 := range []bool{false, true} {
				body := bytes.Repeat([]byte("0123456789abcdefg"), size/17+1)[:size]
				var from io.Reader = bytes.NewReader(body)
				if length < 0 {
					from = io.MultiReader(from) // of which the client does not know the length
				}
				got, r := upload(t, s.client(t, http2), s.url("/passes/up"), from, length)
				if r.StatusCode == http.StatusLengthRequired && length < 0 && s.uwsgi && strings.HasPrefix(s.file, "apache") {
					continue
				}
				if want := (sum{int64(size), crc32.ChecksumIEEE(body)}); got != want || r.StatusCode != http.StatusOK {
					t.Errorf("%d bytes, length %d, HTTP/2 %t: %s, got %v, want %v", size, length, http2, r.Status, got, want)
				}
			}
		}
	}
}

// numbered is a body of blocks of a MiB, each with its number, as the application sends it.
type numbered struct {
	next, count int
	block       []byte
	left        []byte
}

func newNumbered(count int) *numbered {
	n := &numbered{count: count, block: make([]byte, mib)}
	for i := range n.block {
		n.block[i] = byte(i)
	}
	return n
}

func (n *numbered) Read(p []byte) (int, error) {
	if len(n.left) == 0 {
		if n.next == n.count {
			return 0, io.EOF
		}
		copy(n.block, fmt.Sprintf("%16d", n.next))
		n.next, n.left = n.next+1, n.block
	}
	read := copy(p, n.left)
	n.left = n.left[read:]
	return read, nil
}

// checksum is the CRC of what is there to be read, and how much that was.
func checksum(r io.Reader) (sum, error) {
	crc := crc32.NewIEEE()
	n, err := io.CopyBuffer(crc, struct{ io.Reader }{r}, make([]byte, mib))
	return sum{n, binary.BigEndian.Uint32(crc.Sum(nil))}, err
}

// largeBodiesPass each way, and none of them is in the memory of the front.
func largeBodiesPass(t *testing.T, s *site) {
	client := s.client(t, false)
	want, _ := checksum(newNumbered(s.bigSize()))
	for range 2 { // all that is needed for small ones is there
		upload(t, client, s.url("/passes/up"), newNumbered(2), 2*mib)
		down(t, client, s.url("/passes/down?mib=2"))
	}
	before := peak(t, s.PID, true)
	if got, r := upload(t, client, s.url("/passes/up"), newNumbered(s.bigSize()), want.Length); got != want {
		t.Errorf("up: %s, got %v, want %v", r.Status, got, want)
	}
	if got := down(t, client, fmt.Sprintf("%s?mib=%d", s.url("/passes/down"), s.bigSize())); got != want {
		t.Errorf("down: got %v, want %v", got, want)
	}
	limit := int64(32)
	if harness.Race() {
		limit *= 2
	}
	if grown := (peak(t, s.PID, false) - before) / mib; grown > limit {
		t.Errorf("the front has grown by %d MiB for bodies of %d, want at most %d", grown, s.bigSize(), limit)
	}
}

func down(t *testing.T, client *http.Client, url string) sum {
	t.Helper()
	r, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	got, err := checksum(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("%s, %v after %d bytes", r.Status, err, got.Length)
	}
	return got
}

// peak is the most memory that a process has had, in bytes; from now on where it is reset.
func peak(t *testing.T, pid int, reset bool) int64 {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/", pid)
	if reset && os.WriteFile(dir+"clear_refs", []byte("5"), 0) != nil {
		return 0 // no Linux
	}
	text, _ := os.ReadFile(dir + "status")
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
