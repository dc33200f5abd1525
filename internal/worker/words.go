package worker

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// words is a mapping that the front shares with one worker: two words for each
// slot. The worker stores the number of the request that it begins (so that
// after a death the front knows which had), the front the number of the
// request whose client left (so that the worker sees it between two blocks).
type words struct {
	data []uint32
	raw  []byte
}

func newWords(slots int) (*words, *os.File, error) {
	size := max(slots*8, os.Getpagesize())
	f, err := memoryFile(size)
	if err != nil {
		return nil, nil, err
	}
	raw, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		_ = f.Close()
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	w := &words{data: unsafe.Slice((*uint32)(unsafe.Pointer(&raw[0])), size/4), raw: raw}
	// Not unmapped at the worker's death: a request may still look at its words.
	runtime.AddCleanup(w, func(raw []byte) { _ = syscall.Munmap(raw) }, raw)
	return w, f, nil
}

func (w *words) begun(slot int) uint32 { return atomic.LoadUint32(&w.data[2*slot]) }

func (w *words) setLeft(slot int, number uint32) { atomic.StoreUint32(&w.data[2*slot+1], number) }
