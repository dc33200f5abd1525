package worker

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// words is a mapping that the front shares with one worker: four words for each
// slot, each the number of a request. The worker stores which it has begun (so
// that after a death the front knows) and which it is done with; the front
// stores whose client has left (so that the worker sees it between two blocks)
// and of which it wants a frame when it is done.
type words struct {
	data []uint32
	raw  []byte
}

func newWords(slots int) (*words, *os.File, error) {
	size := max(slots*wordsPerSlot*4, os.Getpagesize())
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

// The words of a slot, in the order that worker.py and slot.py know as well.
const (
	wordBegun = iota
	wordLeft
	wordDone
	wordAsked
	wordsPerSlot
)

func (w *words) load(slot, word int) uint32 {
	return atomic.LoadUint32(&w.data[wordsPerSlot*slot+word])
}

func (w *words) store(slot, word int, number uint32) {
	atomic.StoreUint32(&w.data[wordsPerSlot*slot+word], number)
}
