package wire

import (
	"encoding/binary"
	"math"
)

// The marshal type codes that are used, of CPython's Python/marshal.c.
const (
	codeNull       = '0' // ends a dict
	codeNone       = 'N'
	codeFalse      = 'F'
	codeTrue       = 'T'
	codeInt        = 'i' // 32 bits, signed
	codeInt64      = 'I' // 64 bits, signed; read by CPython, written as codeLong
	codeLong       = 'l' // 15-bit digits, written by CPython above 31 bits
	codeFloat      = 'g' // 64 bits, IEEE 754
	codeBytes      = 's'
	codeUnicode    = 'u' // UTF-8
	codeASCII      = 'a' // ASCII, 32-bit length
	codeShortASCII = 'z' // ASCII, 8-bit length
	codeTuple      = '('
	codeList       = '['
	codeDict       = '{'
)

// AppendNone appends None.
func AppendNone(b []byte) []byte { return append(b, codeNone) }

// AppendBool appends True or False.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, codeTrue)
	}
	return append(b, codeFalse)
}

// AppendInt appends an int.
func AppendInt(b []byte, v int64) []byte {
	if v >= math.MinInt32 && v <= math.MaxInt32 {
		b = append(b, codeInt)
		return binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
	}
	b = append(b, codeInt64)
	return binary.LittleEndian.AppendUint64(b, uint64(v))
}

// AppendFloat appends a float.
func AppendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, codeFloat), math.Float64bits(v))
}

// PutFloat writes another value over a float whose encoding ends b.
func PutFloat(b []byte, v float64) {
	binary.LittleEndian.PutUint64(b[len(b)-8:], math.Float64bits(v))
}

// AppendBytes appends a bytes object.
func AppendBytes(b, v []byte) []byte {
	b = append(b, codeBytes)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
	return append(b, v...)
}

// AppendLatin1 appends a str in which each byte of s is one character, as PEP
// 3333 ("Unicode Issues") wants CGI variables.
func AppendLatin1(b []byte, s string) []byte {
	high := highBytes(s)
	if high == 0 {
		return appendASCII(b, s)
	}
	b = append(b, codeUnicode)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)+high))
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x80 {
			b = append(b, c)
		} else {
			b = append(b, 0xC0|c>>6, 0x80|c&0x3F)
		}
	}
	return b
}

// AppendText appends a str that is UTF-8 in Go: configuration, not requests.
func AppendText(b []byte, s string) []byte {
	if highBytes(s) == 0 {
		return appendASCII(b, s)
	}
	b = append(b, codeUnicode)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// appendASCII writes what PyPy, too, accepts: it refuses other bytes here.
func appendASCII(b []byte, s string) []byte {
	if len(s) < 256 {
		b = append(b, codeShortASCII, byte(len(s)))
		return append(b, s...)
	}
	b = append(b, codeASCII)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func highBytes(s string) (n int) {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			n++
		}
	}
	return n
}

// AppendTuple begins a tuple of n items, which the caller appends next.
func AppendTuple(b []byte, n int) []byte {
	return binary.LittleEndian.AppendUint32(append(b, codeTuple), uint32(n))
}

// AppendList begins a list of n items, which the caller appends next.
func AppendList(b []byte, n int) []byte {
	return binary.LittleEndian.AppendUint32(append(b, codeList), uint32(n))
}

// OpenDict begins a dict: keys and values follow in turn, then CloseDict.
func OpenDict(b []byte) []byte { return append(b, codeDict) }

// CloseDict ends a dict.
func CloseDict(b []byte) []byte { return append(b, codeNull) }

// AppendItem appends one key and value of a dict, both latin-1.
func AppendItem(b []byte, key, value string) []byte {
	return AppendLatin1(AppendLatin1(b, key), value)
}
