package wire

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestVectorsAreRead(t *testing.T) {
	for _, v := range loadVectors(t).Values {
		want := v.Value.want(t)
		for writer, code := range map[string][]byte{"python": v.Python, "go": v.Go} {
			d := NewDecoder(code)
			got := d.Any()
			if d.Err() != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s, as %s writes it: got %#v, %v; want %#v", v.Name, writer, got, d.Err(), want)
			}
			if len(d.Rest()) != 0 {
				t.Errorf("%s, as %s writes it: %d bytes are left", v.Name, writer, len(d.Rest()))
			}
		}
	}
}

func TestVectorsAreWritten(t *testing.T) {
	for _, v := range loadVectors(t).Values {
		if got := v.Value.encode(t, nil); !bytes.Equal(got, v.Go) {
			t.Errorf("%s: wrote %x, want %x", v.Name, got, v.Go)
		}
	}
}

// A prefix of an encoding is refused at every length, never read as something else.
func TestVectorsCutShort(t *testing.T) {
	for _, v := range loadVectors(t).Values {
		for _, code := range [][]byte{v.Python, v.Go} {
			for n := range code {
				d := NewDecoder(code[:n:n])
				d.Any()
				if !errors.Is(d.Err(), ErrMalformed) {
					t.Fatalf("%s: %d of %d bytes were accepted", v.Name, n, len(code))
				}
			}
		}
	}
}

func TestVectorsRefused(t *testing.T) {
	for _, v := range loadVectors(t).Refused {
		d := NewDecoder(v.Hex)
		if got := d.Any(); !errors.Is(d.Err(), ErrMalformed) {
			t.Errorf("%s: accepted as %#v, %v", v.Name, got, d.Err())
		}
		if rest := d.Rest(); len(rest) != 0 {
			t.Errorf("%s: %d bytes can still be read after the error", v.Name, len(rest))
		}
	}
}

func TestLatin1(t *testing.T) {
	var every strings.Builder
	for c := range 256 {
		every.WriteByte(byte(c))
	}
	for _, s := range []string{
		"", "a", every.String(), strings.Repeat("x", 255), strings.Repeat("x", 256),
		strings.Repeat("\xff", 255), strings.Repeat("\x80", 300), "caf\xc3\xa9",
	} {
		d := NewDecoder(AppendLatin1(nil, s))
		if got := d.Latin1(); got != s || d.Err() != nil {
			t.Errorf("%q came back as %q, %v", s, got, d.Err())
		}
	}
}

func TestLatin1Refuses(t *testing.T) {
	for name, code := range map[string][]byte{
		"a character beyond latin-1": AppendText(nil, "\u0100"),
		"the replacement character":  AppendText(nil, "\ufffd"),
		"a lone surrogate":           AppendText(nil, "\xed\xa0\x80"),
		"an overlong form":           []byte("u\x02\x00\x00\x00\xc0\x8a"),
		"half a character":           []byte("u\x01\x00\x00\x00\xc3"),
	} {
		d := NewDecoder(append(code, codeTrue))
		if got := d.Latin1(); got != "" || !errors.Is(d.Err(), ErrNotLatin1) {
			t.Errorf("%s: got %q, %v", name, got, d.Err())
		}
		if d.Bool() {
			t.Errorf("%s: reading went on after the error", name)
		}
	}
}

func TestAppendAny(t *testing.T) {
	value := map[string]any{
		"nil": nil, "yes": true, "n": int64(1 << 40), "s": "é€", "b": []byte{0, 255},
		"list": []any{"a", int64(-1), []any{}, map[string]any{}},
	}
	d := NewDecoder(AppendAny(nil, value))
	if got := d.Any(); !reflect.DeepEqual(got, value) || d.Err() != nil {
		t.Errorf("got %#v, %v", got, d.Err())
	}
	for _, same := range []struct{ given, read any }{
		{7, int64(7)},
		{[]string{"a", "b"}, []any{"a", "b"}},
		{map[string]string{"k": "v"}, map[string]any{"k": "v"}},
		{struct{}{}, nil},
	} {
		d := NewDecoder(AppendAny(nil, same.given))
		if got := d.Any(); !reflect.DeepEqual(got, same.read) {
			t.Errorf("%#v is read as %#v", same.given, got)
		}
	}
}

func TestIntBounds(t *testing.T) {
	for _, n := range []int64{0, -1, math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, math.MaxInt64, math.MinInt64} {
		d := NewDecoder(AppendInt(nil, n))
		if got := d.Int(); got != n || d.Err() != nil {
			t.Errorf("%d came back as %d, %v", n, got, d.Err())
		}
	}
}

// The first error stays, and later calls neither read nor hide it.
func TestFirstErrorSticks(t *testing.T) {
	d := NewDecoder(AppendNone(AppendBool(nil, true)))
	d.Int()
	first := d.Err()
	d.Tuple(3)
	if d.Text() != "" || d.Latin1() != "" || d.Bytes() != nil || d.Int() != 0 || d.Bool() || d.IsNone() || d.List() != 0 || d.Any() != nil {
		t.Error("a value was read after an error")
	}
	if !errors.Is(first, ErrMalformed) || d.Err() != first {
		t.Errorf("the error was %v, is %v", first, d.Err())
	}
}

func TestTupleOfAnotherLength(t *testing.T) {
	d := NewDecoder(AppendNone(AppendTuple(nil, 1)))
	if d.Tuple(2); !errors.Is(d.Err(), ErrMalformed) {
		t.Errorf("got %v", d.Err())
	}
}

// What is read does not change when the buffer is used again, but for Bytes.
func TestTextIsCopied(t *testing.T) {
	code := AppendLatin1(AppendText(nil, "text"), "latin\xff")
	d := NewDecoder(code)
	text, latin := d.Text(), d.Latin1()
	copy(code, slices.Repeat([]byte("#"), len(code)))
	if text != "text" || latin != "latin\xff" {
		t.Errorf("changed to %q, %q", text, latin)
	}
}
