package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestFrameVectors(t *testing.T) {
	for _, v := range loadVectors(t).Frames {
		want := Header{v.Length, v.Number, v.Type, v.Flags, v.FDs}
		if got := ParseHeader(v.Hex); got != want {
			t.Errorf("%s: read as %+v, want %+v", v.Name, got, want)
		}
		if got := want.Append(nil); !bytes.Equal(got, v.Hex) {
			t.Errorf("%s: written as %x, want %x", v.Name, got, []byte(v.Hex))
		}
		put := bytes.Repeat([]byte{0xAA}, HeaderSize+1)
		want.Put(put)
		if !bytes.Equal(put[:HeaderSize], v.Hex) || put[HeaderSize] != 0xAA {
			t.Errorf("%s: put as %x", v.Name, put)
		}
	}
}

func TestReadHeaderEnds(t *testing.T) {
	var scratch [HeaderSize]byte
	whole := Header{Length: 3, Number: 1, Type: TypeBlock}.Append(nil)
	if h, err := ReadHeader(iotest.OneByteReader(bytes.NewReader(whole)), scratch[:]); err != nil || h.Length != 3 {
		t.Errorf("byte by byte: %+v, %v", h, err)
	}
	if _, err := ReadHeader(bytes.NewReader(nil), scratch[:]); err != io.EOF {
		t.Errorf("before a frame: %v, want io.EOF", err)
	}
	for n := 1; n < HeaderSize; n++ {
		if _, err := ReadHeader(bytes.NewReader(whole[:n]), scratch[:]); err != io.ErrUnexpectedEOF {
			t.Errorf("after %d bytes: %v, want io.ErrUnexpectedEOF", n, err)
		}
	}
}

func TestReadPayload(t *testing.T) {
	buf := make([]byte, 0, 4)
	got, err := ReadPayload(strings.NewReader("abcdefgh"), Header{Length: 6}, buf)
	if err != nil || string(got) != "abcdef" {
		t.Errorf("grown: %q, %v", got, err)
	}
	got, err = ReadPayload(strings.NewReader("xyz"), Header{Length: 3}, buf)
	if err != nil || string(got) != "xyz" || &got[0] != &buf[:1][0] {
		t.Errorf("in place: %q, %v", got, err)
	}
	for _, sent := range []string{"", "abc"} {
		if _, err := ReadPayload(strings.NewReader(sent), Header{Length: 6}, nil); err != io.ErrUnexpectedEOF {
			t.Errorf("%d of 6 bytes: %v, want io.ErrUnexpectedEOF", len(sent), err)
		}
	}
}

// The length is judged before anything is read or allocated.
func TestReadPayloadTooLong(t *testing.T) {
	unread := strings.NewReader("abc")
	for _, n := range []uint32{MaxMessage + 1, 1 << 31, 1<<32 - 1} {
		if _, err := ReadPayload(unread, Header{Length: n}, nil); !errors.Is(err, ErrTooLong) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if unread.Len() != 3 {
		t.Error("some of the payload was read")
	}
}

func TestNames(t *testing.T) {
	for kind := TypeRequest; kind < 64; kind++ {
		if name, ok := typeNames[kind]; ok && kind.String() != name {
			t.Errorf("type %d is %q", kind, kind)
		}
	}
	if got := Type(200).String(); got != "type 200" {
		t.Errorf("an unknown type is %q", got)
	}
	h := Header{Flags: FlagEnd | FlagCut}
	if !h.Has(FlagEnd) || !h.Has(FlagCut) || h.Has(FlagFree) || h.Has(FlagAbort) {
		t.Errorf("flags of %+v", h)
	}
}

// The field of the descriptors is a time on the last frame of a response alone.
func TestTook(t *testing.T) {
	for _, test := range []struct {
		h    Header
		want time.Duration
	}{
		{Header{Type: TypeResponse, Flags: FlagEnd | FlagFree, FDs: 250}, 250 * time.Microsecond},
		{Header{Type: TypeResponse, Flags: FlagEnd | FlagDoubt, FDs: 1}, time.Microsecond},
		{Header{Type: TypeBlock, Flags: FlagEnd | FlagCut, FDs: 65535}, 65535 * time.Microsecond},
		{Header{Type: TypeBlock, Flags: FlagEnd}, 0},
		{Header{Type: TypeResponse, FDs: 250}, 0},
		{Header{Type: TypeBlock, Flags: FlagDoubt, FDs: 250}, 0},
		{Header{Type: TypeFile, Flags: FlagEnd, FDs: 1}, 0},
		{Header{Type: TypeError, Flags: FlagEnd, FDs: 250}, 0},
		{Header{Type: TypeBody, Flags: FlagEnd, FDs: 250}, 0},
		{Header{Type: TypeSlot, FDs: 3}, 0},
	} {
		if got := test.h.Took(); got != test.want {
			t.Errorf("%+v took %s, want %s", test.h, got, test.want)
		}
	}
}
