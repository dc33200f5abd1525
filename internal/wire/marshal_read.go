package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
	"unsafe"
)

// ErrMalformed reports a payload that is not what its frame's type promises.
var ErrMalformed = errors.New("wire: malformed message")

// ErrNotLatin1 reports a str with characters beyond U+00FF, which PEP 3333
// forbids in statuses and headers.
var ErrNotLatin1 = errors.New("wire: character beyond latin-1")

// Decoder reads marshal values one after the other. The first error sticks:
// later calls return zero values, and Err gives it.
type Decoder struct {
	buf []byte
	err error
}

// NewDecoder reads from payload, which must not change while values are in use.
func NewDecoder(payload []byte) Decoder { return Decoder{buf: payload} }

// Err returns the first error, or nil.
func (d *Decoder) Err() error { return d.err }

// Rest returns what has not been read.
func (d *Decoder) Rest() []byte { return d.buf }

// End is an error where something is left.
func (d *Decoder) End() {
	if len(d.buf) > 0 {
		d.fail("%d bytes too many", len(d.buf))
	}
}

func (d *Decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
	}
	d.buf = nil
}

func (d *Decoder) code() byte {
	if len(d.buf) == 0 {
		d.fail("it ends early")
		return 0
	}
	c := d.buf[0]
	d.buf = d.buf[1:]
	return c
}

func (d *Decoder) take(n int) []byte {
	if n < 0 || n > len(d.buf) {
		d.fail("%d bytes announced, %d left", n, len(d.buf))
		return nil
	}
	b := d.buf[:n:n]
	d.buf = d.buf[n:]
	return b
}

func (d *Decoder) u32() int {
	b := d.take(4)
	if b == nil {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b))
}

// sequence reads the head of a tuple or list. Each item takes at least one
// byte, so that a length cannot make the caller allocate more than was sent.
func (d *Decoder) sequence(want byte, name string) int {
	if c := d.code(); c != want {
		d.fail("want a %s, have %q", name, c)
		return 0
	}
	n := d.u32() // negative where an int has 32 bits
	if n < 0 || n > len(d.buf) {
		d.fail("a %s of %d items in %d bytes", name, n, len(d.buf))
		return 0
	}
	return n
}

// Tuple reads the head of a tuple of n items.
func (d *Decoder) Tuple(n int) {
	if have := d.sequence(codeTuple, "tuple"); d.err == nil && have != n {
		d.fail("a tuple of %d items, want %d", have, n)
	}
}

// List reads the head of a list and returns the number of its items.
func (d *Decoder) List() int { return d.sequence(codeList, "list") }

// Bytes reads a bytes object without copying it.
func (d *Decoder) Bytes() []byte {
	if c := d.code(); c != codeBytes {
		d.fail("want bytes, have %q", c)
		return nil
	}
	return d.take(d.u32())
}

// IsNone consumes a None if one is next.
func (d *Decoder) IsNone() bool {
	if len(d.buf) > 0 && d.buf[0] == codeNone {
		d.buf = d.buf[1:]
		return true
	}
	return false
}

// Bool reads True or False.
func (d *Decoder) Bool() bool {
	switch c := d.code(); c {
	case codeTrue:
		return true
	case codeFalse:
		return false
	default:
		d.fail("want a bool, have %q", c)
		return false
	}
}

// text reads a str as the UTF-8 that it came in.
func (d *Decoder) text() []byte {
	switch c := d.code(); c {
	case codeUnicode:
		return d.take(d.u32())
	case codeASCII:
		return d.ascii(d.u32())
	case codeShortASCII:
		n := d.take(1)
		if n == nil {
			return nil
		}
		return d.ascii(int(n[0]))
	default:
		d.fail("want a str, have %q", c)
		return nil
	}
}

// ascii refuses what CPython would read as latin-1 here, and PyPy not at all.
func (d *Decoder) ascii(n int) []byte {
	b := d.take(n)
	for _, c := range b {
		if c >= utf8.RuneSelf {
			d.fail("a byte %#x in a str that is to be ASCII", c)
			return nil
		}
	}
	return b
}

// Text reads a str as UTF-8. Each byte of what is none becomes U+FFFD: CPython
// writes lone surrogates so.
func (d *Decoder) Text() string {
	b := d.text()
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}

// Latin1 reads a str in which each character becomes one byte. A character
// beyond U+00FF is ErrNotLatin1.
func (d *Decoder) Latin1() string {
	b := d.text()
	for i, c := range b {
		if c >= 0x80 {
			return d.narrow(b, i)
		}
	}
	return string(b)
}

// Latin1View is Latin1 for who is done with the text before the decoded bytes are used
// again: it is a part of them where it can be.
func (d *Decoder) Latin1View() string {
	b := d.text()
	for i, c := range b {
		if c >= 0x80 {
			return d.narrow(b, i)
		}
	}
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (d *Decoder) narrow(b []byte, ascii int) string {
	out := make([]byte, ascii, len(b))
	copy(out, b)
	for rest := b[ascii:]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r > 0xFF || r == utf8.RuneError {
			if d.err == nil {
				d.err = ErrNotLatin1
			}
			d.buf = nil
			return ""
		}
		out = append(out, byte(r))
		rest = rest[size:]
	}
	return string(out)
}

// Int reads an int of at most 63 bits.
func (d *Decoder) Int() int64 {
	switch c := d.code(); c {
	case codeInt:
		return int64(int32(d.u32()))
	case codeInt64:
		b := d.take(8)
		if b == nil {
			return 0
		}
		return int64(binary.LittleEndian.Uint64(b))
	case codeLong:
		return d.long()
	default:
		d.fail("want an int, have %q", c)
		return 0
	}
}

// Float reads a float that is a number.
func (d *Decoder) Float() float64 {
	if c := d.code(); c != codeFloat {
		d.fail("want a float, have %q", c)
		return 0
	}
	b := d.take(8)
	if b == nil {
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(b))
	if math.IsNaN(v) {
		d.fail("a float that is no number")
	}
	return v
}

// long reads CPython's form of larger ints: a signed count of 15-bit digits.
func (d *Decoder) long() int64 {
	count := int32(d.u32())
	negative := count < 0
	if negative {
		count = -count
	}
	if count < 0 || count > 5 {
		d.fail("an int of %d digits", count)
		return 0
	}
	var v uint64
	for i := range int(count) {
		b := d.take(2)
		if b == nil {
			return 0
		}
		digit := uint64(binary.LittleEndian.Uint16(b))
		if digit > 0x7FFF || i == 4 && digit > 7 {
			d.fail("an int of more than 63 bits")
			return 0
		}
		if digit == 0 && i == int(count)-1 {
			d.fail("an int with a leading zero digit")
			return 0
		}
		v |= digit << (15 * i)
	}
	if negative {
		return -int64(v)
	}
	return int64(v)
}
