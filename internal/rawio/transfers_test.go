package rawio

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// lender counts what is borrowed.
type lender struct{ got, held int }

func (l *lender) Get() []byte { l.got++; l.held++; return make([]byte, 100) }
func (l *lender) Put([]byte)  { l.held-- }

func TestReadLate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		b, read := &lender{}, make(chan result, 1)
		var got []byte
		go func() {
			p, n, err := out.raw.ReadLate(b)
			got = p[:n]
			read <- result{n, err}
		}()
		if _, err := in.raw.Write([]byte("some")); err != nil {
			t.Fatal(err)
		}
		if r := wait(t, read); r.err != nil || string(got) != "some" || b.held != 1 {
			t.Errorf("%q, %v, %d buffers held", got, r.err, b.held)
		}
		_ = in.Close()
		if p, n, err := out.raw.ReadLate(b); p != nil || n != 0 || err != io.EOF || b.held != 1 {
			t.Errorf("at the end: %q, %v, %d buffers held", p[:n], err, b.held)
		}
	})
}

// A deadline that is over, and a descriptor that is closed, are noticed before anything is
// tried: nothing of the Read before them comes again.
func TestReadLateOfNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		b := &lender{}
		if _, err := in.raw.Write([]byte("some")); err != nil {
			t.Fatal(err)
		}
		if _, n, err := out.raw.ReadLate(b); n != 4 || err != nil {
			t.Fatal(n, err)
		}
		if err := out.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"late", "closed"} {
			if p, n, err := out.raw.ReadLate(b); p != nil || n != 0 || err == nil || b.held != 1 {
				t.Errorf("%s: %v, %d, %v, %d buffers held", name, p, n, err, b.held)
			}
			_ = out.Close()
		}
	})
}

// Whatever part of both fits, all arrives in order.
func TestWriteTwo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		for _, sizes := range [][2]int{{0, 5}, {5, 0}, {3, 4}, {100, 4 << 20}, {4 << 20, 100}, {3 << 20, 3 << 20}} {
			a, b := random(sizes[0]), random(sizes[1])
			wrote := start(func([]byte) (int, error) { return in.raw.WriteTwo(a, b) }, nil)
			got := make([]byte, len(a)+len(b))
			if _, err := io.ReadFull(out.raw, got); err != nil {
				t.Fatal(err)
			}
			if r := wait(t, wrote); r.n != len(got) || r.err != nil || !bytes.Equal(got, append(a, b...)) {
				t.Errorf("%v: wrote %d, %v; same %v", sizes, r.n, r.err, bytes.Equal(got, append(a, b...)))
			}
		}
	})
}

func random(n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(p)
	return p
}

func TestSendFile(t *testing.T) {
	t.Parallel()
	data := random(5 << 20)
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	in, out := ends(t, "tcp")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, _ = f.Seek(1000, io.SeekStart)
	before := in.raw.Sent()
	sent := start(func([]byte) (int, error) {
		n, err := in.raw.SendFile(f.Fd(), int64(len(data))) // more than there is
		return int(n), err
	}, nil)
	got := sha256.New()
	if _, err := io.CopyN(got, out.raw, int64(len(data)-1000)); err != nil {
		t.Fatal(err)
	}
	if r := wait(t, sent); r.err != nil || r.n != len(data)-1000 || in.raw.Sent()-before != uint64(r.n) {
		t.Errorf("sent %d, %v; counted %d", r.n, r.err, in.raw.Sent()-before)
	}
	if want := sha256.Sum256(data[1000:]); !bytes.Equal(got.Sum(nil), want[:]) {
		t.Error("other bytes than the file's")
	}
}
