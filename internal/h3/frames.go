package h3

import (
	"github.com/quic-go/quic-go/quicvarint"
)

// The types of frames: RFC 9114 7.2, RFC 9218 7.2.
const (
	frameData           = 0x0
	frameHeaders        = 0x1
	frameCancelPush     = 0x3
	frameSettings       = 0x4
	framePushPromise    = 0x5
	frameGoAway         = 0x7
	frameMaxPushID      = 0xd
	framePriorityUpdate = 0xf0700
	framePushPriority   = 0xf0701
)

// ofHTTP2 says whether a type is one of HTTP/2's that HTTP/3 has not, which must not
// be sent (RFC 9114 7.2.8).
func ofHTTP2(kind uint64) bool { return kind == 0x2 || kind == 0x6 || kind == 0x8 || kind == 0x9 }

// known says whether a frame means something; others are passed over (RFC 9114 9).
func known(kind uint64) bool {
	switch kind {
	case frameData, frameHeaders, frameCancelPush, frameSettings, framePushPromise, frameGoAway, frameMaxPushID,
		framePriorityUpdate, framePushPriority:
		return true
	}
	return ofHTTP2(kind)
}

// appendFrame adds a frame's header; the payload follows.
func appendFrame(b []byte, kind uint64, length int) []byte {
	return quicvarint.Append(quicvarint.Append(b, kind), uint64(length))
}

// appendGoAway: RFC 9114 7.2.6.
func appendGoAway(b []byte, id uint64) []byte {
	return quicvarint.Append(appendFrame(b, frameGoAway, quicvarint.Len(id)), id)
}
