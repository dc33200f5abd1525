package gateway

import "sync"

// pieces are the buffers that bodies pass through on their way to a file. A client is
// given a large one while it fills them, so that one which is slow, or has stopped,
// costs little; and there are not many of the large.
type pieces struct {
	mu    sync.Mutex
	large int // in use
	pools [2]sync.Pool
}

const (
	smallPiece = 4 << 10 // bytes
	largePiece = 64 << 10
	maxLarge   = 128 // pieces
)

func (ps *pieces) small() []byte {
	if p, ok := ps.pools[0].Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, smallPiece)
}

// next returns the buffer for the next read, after one that brought n bytes.
func (ps *pieces) next(p []byte, n int) []byte {
	switch {
	case len(p) == smallPiece && n == smallPiece:
		if l := ps.take(); l != nil {
			ps.free(p)
			return l
		}
	case len(p) == largePiece && n < largePiece/4:
		ps.free(p)
		return ps.small()
	}
	return p
}

// take returns a large one, or nil.
func (ps *pieces) take() []byte {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.large == maxLarge {
		return nil
	}
	ps.large++
	if p, ok := ps.pools[1].Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, largePiece)
}

func (ps *pieces) free(p []byte) {
	if len(p) == smallPiece {
		ps.pools[0].Put(&p)
		return
	}
	ps.pools[1].Put(&p)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.large--
}
