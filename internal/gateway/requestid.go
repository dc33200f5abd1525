package gateway

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"sync/atomic"
)

// requestIDs makes ids that are unique over restarts: a random prefix of the
// process and a counter.
type requestIDs struct {
	prefix string
	last   *atomic.Uint64
}

func newRequestIDs() requestIDs {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails, see crypto/rand
	return requestIDs{prefix: hex.EncodeToString(random[:]) + "-", last: new(atomic.Uint64)}
}

func (ids requestIDs) appendNext(b []byte) []byte {
	return strconv.AppendUint(append(b, ids.prefix...), ids.last.Add(1), 10)
}
