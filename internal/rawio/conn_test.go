package rawio

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		read := start(out.raw.Read, make([]byte, 100)) // may have to wait
		if n, err := in.raw.Write([]byte("some")); n != 4 || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
		if got := wait(t, read); got.n != 4 || got.err != nil {
			t.Errorf("read %d, %v", got.n, got.err)
		}
		for _, c := range []*Conn{in.raw, out.raw} { // nothing is asked for, nothing is waited for
			if n, err := c.Read(nil); n != 0 || err != nil {
				t.Errorf("read %d, %v", n, err)
			}
			if n, err := c.Write(nil); n != 0 || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
		}
	})
}

// One Write of much more than the system holds returns when all has gone, in its
// order, to a reader that takes small pieces.
func TestWriteToASlowReader(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		data := make([]byte, 8<<20)
		random := rand.NewChaCha8([32]byte{})
		_, _ = random.Read(data)
		wrote := start(in.raw.Write, data)
		got, p := sha256.New(), make([]byte, 50_000)
		for left := len(data); left > 0; {
			n, err := out.raw.Read(p[:min(left, 1+rand.IntN(len(p)))])
			if err != nil || n == 0 {
				t.Fatalf("with %d bytes to come: %d, %v", left, n, err)
			}
			got.Write(p[:n])
			left -= n
		}
		if r := wait(t, wrote); r.n != len(data) || r.err != nil {
			t.Errorf("wrote %d of %d: %v", r.n, len(data), r.err)
		}
		if want := sha256.Sum256(data); !bytes.Equal(got.Sum(nil), want[:]) {
			t.Error("other bytes than were written")
		}
	})
}

func TestEndOfFile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		if _, err := in.raw.Write([]byte("last")); err != nil {
			t.Fatal(err)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(out.raw); string(got) != "last" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		for range 2 {
			if n, err := out.raw.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("%d, %v, want EOF", n, err)
			}
		}
	})
}

func TestReadDeadline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		p := make([]byte, 10)
		for _, deadline := range []time.Time{time.Unix(1, 0), time.Now().Add(20 * time.Millisecond)} {
			if err := out.SetReadDeadline(deadline); err != nil {
				t.Fatal(err)
			}
			if n, err := out.raw.Read(p); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%d, %v, want that the deadline is exceeded", n, err)
			}
			if early := time.Until(deadline); early > 0 {
				t.Errorf("%s before its deadline", early)
			}
		}
		if _, err := in.raw.Write([]byte("late")); err != nil {
			t.Fatal(err)
		}
		if n, err := out.raw.Read(p); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after its deadline it reads what is there: %d, %v", n, err)
		}
		_ = out.SetReadDeadline(time.Time{})
		if n, err := out.raw.Read(p); string(p[:n]) != "late" || err != nil {
			t.Errorf("without a deadline: %q, %v", p[:n], err)
		}
	})
}

// A deadline that is set while a Read waits is for that Read.
func TestDeadlineWakesAReader(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _, out end) {
		for range 100 {
			_ = out.SetReadDeadline(time.Time{})
			read := start(out.raw.Read, make([]byte, 1))
			_ = out.SetReadDeadline(time.Unix(1, 0))
			if r := wait(t, read); !errors.Is(r.err, os.ErrDeadlineExceeded) {
				t.Fatalf("%d, %v", r.n, r.err)
			}
		}
	})
}

// What Write says it has written is what the reader gets.
func TestWriteDeadline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		data := bytes.Repeat([]byte("0123456789abcdef"), 2<<20) // more than the system holds
		write := start(in.raw.Write, data)
		first := make([]byte, 1)
		if _, err := out.raw.Read(first); err != nil { // it has begun
			t.Fatal(err)
		}
		_ = in.SetWriteDeadline(time.Unix(1, 0))
		wrote := wait(t, write)
		if wrote.n == 0 || wrote.n == len(data) || !errors.Is(wrote.err, os.ErrDeadlineExceeded) {
			t.Fatalf("%d of %d, %v", wrote.n, len(data), wrote.err)
		}
		_ = in.Close()
		rest, err := io.ReadAll(out.raw)
		if got := append(first, rest...); !bytes.Equal(got, data[:wrote.n]) || err != nil {
			t.Errorf("wrote %d, read %d: %v", wrote.n, len(got), err)
		}
	})
}

// Close ends a Read and a Write that wait.
func TestCloseWhileBlocked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		read := start(out.raw.Read, make([]byte, 1))
		_ = out.Close()
		wantClosed(t, out, wait(t, read).err)
		_, err := out.raw.Read(make([]byte, 1))
		wantClosed(t, out, err)
	})
	each(t, func(t *testing.T, in, out end) {
		wrote := start(in.raw.Write, make([]byte, 32<<20))
		if _, err := out.raw.Read(make([]byte, 1)); err != nil { // it has begun
			t.Fatal(err)
		}
		_ = in.Close()
		wantClosed(t, in, wait(t, wrote).err)
	})
}

// wantClosed: a connection's error is net.ErrClosed. The one of a file has no
// name, but it is neither the end of the file nor a deadline.
func wantClosed(t *testing.T, e end, err error) {
	t.Helper()
	switch _, file := e.object.(*os.File); {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded):
		t.Errorf("got %v, want that it is closed", err)
	case !file && !errors.Is(err, net.ErrClosed):
		t.Errorf("got %v, want net.ErrClosed", err)
	}
}

func TestWriteToOneThatHasGone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		_ = out.Close()
		_ = in.SetWriteDeadline(time.Now().Add(patience))
		var err error
		for err == nil { // TCP learns of it by the answer to the first
			_, err = in.raw.Write([]byte("x"))
		}
		if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v", err)
		}
		if _, err = in.raw.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("then: %v, want EPIPE", err)
		}
	})
}

func TestReset(t *testing.T) {
	t.Parallel()
	in, out := ends(t, "tcp")
	read := start(out.raw.Read, make([]byte, 1))
	_ = in.object.(*net.TCPConn).SetLinger(0) // close by RST
	_ = in.Close()
	if r := wait(t, read); r.n != 0 || !errors.Is(r.err, syscall.ECONNRESET) {
		t.Errorf("%d, %v, want ECONNRESET", r.n, r.err)
	}
}

// Several goroutines may write: what one Write sends stays together, also where
// the system takes it in parts.
func TestWritesAreNotMixed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		const size, rounds = 300_000, 10
		var writing sync.WaitGroup
		for letter := range byte(5) {
			writing.Go(func() {
				p := bytes.Repeat([]byte{'a' + letter}, size)
				for range rounds {
					if n, err := in.raw.Write(p); n != size || err != nil {
						t.Errorf("wrote %d, %v", n, err)
						return
					}
				}
			})
		}
		go func() { writing.Wait(); _ = in.Close() }()
		got, err := io.ReadAll(out.raw)
		if err != nil || len(got) != 5*rounds*size {
			t.Fatalf("read %d, %v", len(got), err)
		}
		for at := 0; at < len(got); at += size {
			if whole := bytes.Repeat(got[at:at+1], size); !bytes.Equal(got[at:at+size], whole) {
				t.Fatalf("the Write at %d is mixed with another", at)
			}
		}
	})
}

// Several goroutines may read: each byte is read once.
func TestReadersShare(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		var reading sync.WaitGroup
		var mu sync.Mutex
		counts := map[byte]int{}
		for range 4 {
			reading.Go(func() {
				p := make([]byte, 1000)
				for {
					n, err := out.raw.Read(p)
					mu.Lock()
					for _, b := range p[:n] {
						counts[b]++
					}
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		data := make([]byte, 256*2000)
		for i := range data {
			data[i] = byte(i)
		}
		if _, err := in.raw.Write(data); err != nil {
			t.Error(err)
		}
		_ = in.Close()
		reading.Wait()
		for b := range 256 {
			if counts[byte(b)] != 2000 {
				t.Errorf("byte %d was read %d times of 2000", b, counts[byte(b)])
			}
		}
	})
}

// Who waits to read holds up nobody who writes, nor the other way round.
func TestBothWaysAtOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"tcp", "unix"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			a, b := ends(t, kind)
			data := bytes.Repeat([]byte("both"), 1<<20)
			var done []<-chan result
			for _, e := range []end{a, b} {
				done = append(done, start(e.raw.Write, data), start(func(p []byte) (int, error) {
					return io.ReadFull(e.raw, p)
				}, make([]byte, len(data))))
			}
			for _, c := range done {
				if r := wait(t, c); r.n != len(data) || r.err != nil {
					t.Errorf("%d of %d, %v", r.n, len(data), r.err)
				}
			}
		})
	}
}
