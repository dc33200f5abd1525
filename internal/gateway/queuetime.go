package gateway

import (
	"strconv"

	"highball/internal/wire"
)

// queueTimeField says how long a request has waited for a slot, in seconds.
const queueTimeField = "X-Queue-Time"

func (x *exchange) queueTimeValue() string {
	return strconv.FormatFloat(x.waited.Seconds(), 'f', 6, 64)
}

// appendQueueTime leaves room in the frame for what is not known yet.
func (x *exchange) appendQueueTime(b []byte) []byte {
	b = wire.AppendFloat(wire.AppendLatin1(b, "highball.queue_time"), 0)
	x.queueTime = len(b)
	return b
}

// putQueueTime fills it in.
func (x *exchange) putQueueTime(frame []byte) {
	wire.PutFloat(frame[:x.queueTime], x.waited.Seconds())
}
