package h3

import (
	"errors"
	"io"

	"github.com/quic-go/qpack"
)

// The dynamic table stays empty in both directions: SETTINGS_QPACK_MAX_TABLE_CAPACITY
// is 0 (RFC 9204 3.2.3). So most of what a client may say on its streams of QPACK is
// wrong.

// readEncoderStream reads a client's instructions for the table that it has none of.
func readEncoderStream(in *reader) error {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return critical(err)
		}
		if b&0xe0 != 0x20 {
			return connectionFault(encoderStreamError, "RFC 9204 3.2.2", "an entry for a table whose capacity is 0")
		}
		if b&0x1f != 0 {
			return connectionFault(encoderStreamError, "RFC 9204 4.3.1", "a capacity above the 0 that is allowed")
		}
	}
}

// readDecoderStream reads what a client acknowledges, which can be nothing.
func readDecoderStream(in *reader) error {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return critical(err)
		}
		switch {
		case b&0x80 != 0:
			return connectionFault(decoderStreamError, "RFC 9204 4.4.1", "a section acknowledged that needs no acknowledgement")
		case b&0xc0 == 0:
			return connectionFault(decoderStreamError, "RFC 9204 4.4.3", "an Insert Count Increment without an insertion")
		}
		if err := skipInteger(in, b, 6); err != nil { // Stream Cancellation: RFC 9204 4.4.2
			return err
		}
	}
}

func critical(err error) error {
	if err == io.EOF {
		return criticalClosed()
	}
	return err
}

// skipInteger reads the rest of an integer (RFC 7541 5.1) of 62 bits at most.
func skipInteger(in *reader, first byte, prefix uint) error {
	full := byte(1)<<prefix - 1
	if first&full != full {
		return nil
	}
	for range 9 {
		b, err := in.ReadByte()
		if err != nil {
			return critical(err)
		}
		if b&0x80 == 0 {
			return nil
		}
	}
	return connectionFault(decoderStreamError, "RFC 9204 4.1.1", "an integer of more than 62 bits")
}

// errSectionTooLarge: the fields are more than the server takes (RFC 9114 4.2.2).
var errSectionTooLarge = errors.New("the field section is too large")

// decodeSection gives the fields of an encoded section. Those together may take limit
// bytes as RFC 9114 4.2.2 counts, and be most many.
func decodeSection(p []byte, limit, most int) ([]qpack.HeaderField, error) {
	p, err := cutPrefix(p)
	if err != nil {
		return nil, err
	}
	next := qpack.NewDecoder().Decode(p)
	fields := make([]qpack.HeaderField, 0, 16)
	for {
		f, err := next()
		if err == io.EOF {
			return fields, nil
		}
		if err != nil {
			return nil, connectionFault(decompressionFailed, "RFC 9204 2.2.3", "a field section that cannot be decoded: %s", err)
		}
		if limit -= len(f.Name) + len(f.Value) + 32; limit < 0 || len(fields) >= most {
			return nil, errSectionTooLarge
		}
		fields = append(fields, f)
	}
}

// cutPrefix checks Required Insert Count and Base, of which the second may be anything
// where nothing refers to it (RFC 9204 4.5.1), and puts the two that the library takes
// in their place.
func cutPrefix(p []byte) ([]byte, error) {
	short := connectionFault(decompressionFailed, "RFC 9204 4.5.1", "a field section without its prefix")
	if len(p) < 2 {
		return nil, short
	}
	switch {
	case p[0] != 0:
		return nil, connectionFault(decompressionFailed, "RFC 9204 4.5.1.1", "a Required Insert Count, without a dynamic table")
	case p[1]&0x80 != 0:
		return nil, connectionFault(decompressionFailed, "RFC 9204 4.5.1.2", "a Base below 0")
	}
	end := 2
	if p[1]&0x7f == 0x7f {
		for ; ; end++ {
			if end == len(p) || end > 10 {
				return nil, short
			}
			if p[end]&0x80 == 0 {
				end++
				break
			}
		}
	}
	p = p[end-2:]
	p[0], p[1] = 0, 0
	return p, nil
}
