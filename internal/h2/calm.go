package h2

import "time"

// What a client may ask for that is cheap for it and is not for us (RFC 9113 10.5) has
// an account: what is of use pays in, time does, and each such frame takes out.

const (
	burst     = 2000 // frames that ask for nothing, at once
	perSecond = 200

	resetBurst     = 500 // streams that end before their responses do
	resetPerSecond = 33

	// substance is from when on, in bytes, DATA is of use.
	substance = 256
)

type calm struct{ frames, resets account }

func newCalm() calm {
	now := time.Now()
	return calm{account{burst, burst, perSecond, now}, account{resetBurst, resetBurst, resetPerSecond, now}}
}

// spend is for a frame that asks for nothing; false is one too many.
func (c *calm) spend() bool { return c.frames.spend() }

// earn is for n frames' worth of something of use.
func (c *calm) earn(n int) { c.frames.earn(n) }

// reset is for a stream that has ended early.
func (c *calm) reset() bool { return c.resets.spend() }

// finished is for one that has not.
func (c *calm) finished() { c.resets.earn(1) }

type account struct {
	left, most, rate int
	paid             time.Time // when time has last paid in
}

func (a *account) earn(n int) { a.left = min(a.left+n, a.most) }

// spend looks at the clock only when nothing else is left.
func (a *account) spend() bool {
	if a.left == 0 {
		now := time.Now()
		due := int(now.Sub(a.paid).Seconds() * float64(a.rate))
		if due <= 0 {
			return false
		}
		a.paid = now
		a.earn(due)
	}
	a.left--
	return true
}
