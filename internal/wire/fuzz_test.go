package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
)

func addVectors(f *testing.F) {
	f.Helper()
	v := loadVectors(f)
	for _, value := range v.Values {
		f.Add([]byte(value.Python))
		f.Add([]byte(value.Go))
	}
	for _, refused := range v.Refused {
		f.Add([]byte(refused.Hex))
	}
}

// FuzzDecoder: whatever is accepted is no larger than what was sent, and is read
// the same again from what we write for it.
func FuzzDecoder(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, code []byte) {
		d := NewDecoder(code)
		value := d.Any()
		if err := d.Err(); err != nil {
			if !errors.Is(err, ErrMalformed) || len(d.Rest()) != 0 {
				t.Fatalf("error %v with %d bytes left", err, len(d.Rest()))
			}
			return
		}
		if n := nodes(value); n > len(code) {
			t.Fatalf("%d values out of %d bytes", n, len(code))
		}
		again := NewDecoder(AppendAny(nil, value))
		if got := again.Any(); again.Err() != nil || !reflect.DeepEqual(got, value) {
			t.Fatalf("%#v is read again as %#v, %v", value, got, again.Err())
		}
	})
}

func nodes(value any) int {
	n := 1
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			n += nodes(item)
		}
	case map[string]any:
		for _, item := range value {
			n += 1 + nodes(item)
		}
	}
	return n
}

// FuzzHeader: parse -> append gives the input, and a payload is what the header
// says or an error.
func FuzzHeader(f *testing.F) {
	for _, frame := range loadVectors(f).Frames {
		f.Add([]byte(frame.Hex))
		f.Add(append([]byte(frame.Hex), "payload"...))
	}
	f.Add(append(Header{Length: 3}.Append(nil), "abc"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		var scratch [HeaderSize]byte
		h, err := ReadHeader(r, scratch[:])
		if err != nil {
			if len(data) >= HeaderSize {
				t.Fatalf("%d bytes: %v", len(data), err)
			}
			return
		}
		if got := h.Append(nil); !bytes.Equal(got, data[:HeaderSize]) {
			t.Fatalf("%x became %x", data[:HeaderSize], got)
		}
		payload, err := ReadPayload(r, h, nil)
		switch {
		case h.Length > MaxMessage:
			if !errors.Is(err, ErrTooLong) {
				t.Fatalf("%d bytes: %v", h.Length, err)
			}
		case int(h.Length) > len(data)-HeaderSize:
			if err != io.ErrUnexpectedEOF {
				t.Fatalf("%d bytes of %d: %v", len(data)-HeaderSize, h.Length, err)
			}
		case err != nil || !bytes.Equal(payload, data[HeaderSize:HeaderSize+int(h.Length)]):
			t.Fatalf("payload %x, %v", payload, err)
		}
	})
}

// FuzzLatin1: a Go string survives the wire; and what is accepted from the wire
// has one form only, so that parse -> append gives the input.
func FuzzLatin1(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		there := NewDecoder(AppendLatin1(nil, string(data)))
		if got := there.Latin1(); there.Err() != nil || got != string(data) {
			t.Fatalf("%q came back as %q, %v", data, got, there.Err())
		}
		d := NewDecoder(data)
		s := d.Latin1()
		if d.Err() != nil {
			return
		}
		used := data[:len(data)-len(d.Rest())]
		body := func(code []byte) []byte { // behind the code and its length
			if code[0] == codeShortASCII {
				return code[2:]
			}
			return code[5:]
		}
		if got := AppendLatin1(nil, s); !bytes.Equal(body(got), body(used)) {
			t.Fatalf("%x was read as %q, which is %x", used, s, got)
		}
	})
}
