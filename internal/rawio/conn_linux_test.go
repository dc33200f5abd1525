package rawio

import (
	"syscall"
	"testing"
)

// What the system says is returned as it is: the callers wrap it.
func TestErrorsAreErrnos(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, in, out end) {
		_ = out.Close()
		var err error
		for err == nil {
			_, err = in.raw.Write([]byte("x"))
		}
		if _, ok := err.(syscall.Errno); !ok {
			t.Errorf("Write: %T %v, want an Errno", err, err)
		}
	})
	in, out := ends(t, "pipe")
	if _, err := in.raw.Read(make([]byte, 1)); err != syscall.EBADF {
		t.Errorf("Read of the end to write to: %v, want EBADF", err)
	}
	if _, err := out.raw.Write(make([]byte, 1)); err != syscall.EBADF {
		t.Errorf("Write to the end to read from: %v, want EBADF", err)
	}
}

// A Read and a Write for each request: they are not to feed the collector.
func TestNothingIsAllocated(t *testing.T) {
	for _, kind := range kinds {
		in, out := ends(t, kind)
		p := make([]byte, 100)
		allocated := testing.AllocsPerRun(100, func() {
			if _, err := in.raw.Write(p); err != nil {
				t.Fatal(err)
			}
			if n, err := out.raw.Read(p); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
		})
		if allocated != 0 {
			t.Errorf("%s: %v allocations", kind, allocated)
		}
	}
}

// A descriptor that is no file or connection any more cannot be had.
func TestNewOfTheClosed(t *testing.T) {
	t.Parallel()
	if _, err := New((*closed)(nil)); err == nil {
		t.Error("New succeeded")
	}
}

type closed struct{}

func (*closed) SyscallConn() (syscall.RawConn, error) { return nil, syscall.EINVAL }
