package wire

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// vectors is testdata/vectors.json, which the Python side's tests read as well.
type vectors struct {
	Values []struct {
		Name       string
		Value      described
		Python, Go hexBytes
	}
	Refused []struct {
		Name string
		Hex  hexBytes
	}
	Frames []struct {
		Name           string
		Length, Number uint32
		Type           Type
		Flags          Flags
		FDs            uint16
		Hex            hexBytes
	}
}

type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	b, err := hex.DecodeString(s)
	*h = b
	return err
}

// described is a value in words that JSON has: code points, digits, hex.
type described struct {
	Type  string
	Value string
	Hex   hexBytes
	Codes []rune
	Times int
	Items json.RawMessage
}

func loadVectors(tb testing.TB) vectors {
	tb.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		tb.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		tb.Fatal(err)
	}
	if len(v.Values) == 0 || len(v.Refused) == 0 || len(v.Frames) == 0 {
		tb.Fatal("vectors.json lacks a section")
	}
	return v
}

// utf8Of gives the str's UTF-8 as CPython writes it, lone surrogates included.
func (d described) utf8Of() string {
	var b strings.Builder
	for _, r := range d.Codes {
		if 0xD800 <= r && r <= 0xDFFF {
			b.Write([]byte{0xE0 | byte(r>>12), 0x80 | byte(r>>6&0x3F), 0x80 | byte(r&0x3F)})
		} else {
			b.WriteRune(r)
		}
	}
	return strings.Repeat(b.String(), max(d.Times, 1))
}

// want is what Any must return for the value.
func (d described) want(tb testing.TB) any {
	tb.Helper()
	switch d.Type {
	case "none":
		return nil
	case "bool":
		return d.Value == "true"
	case "int":
		return d.integer(tb)
	case "float":
		return d.float(tb)
	case "str":
		return string([]rune(d.utf8Of())) // a lone surrogate is no character
	case "bytes":
		return []byte(strings.Repeat(string(d.Hex), d.Times))
	case "dict":
		m := map[string]any{}
		for _, pair := range d.pairs(tb) {
			m[pair[0].want(tb).(string)] = pair[1].want(tb)
		}
		return m
	}
	items := []any{}
	for _, item := range d.items(tb) {
		items = append(items, item.want(tb))
	}
	return items
}

// encode writes the value with the functions that the front uses.
func (d described) encode(tb testing.TB, b []byte) []byte {
	tb.Helper()
	switch d.Type {
	case "none":
		return AppendNone(b)
	case "bool":
		return AppendBool(b, d.Value == "true")
	case "int":
		return AppendInt(b, d.integer(tb))
	case "float":
		return AppendFloat(b, d.float(tb))
	case "str":
		return AppendText(b, d.utf8Of())
	case "bytes":
		return AppendBytes(b, []byte(strings.Repeat(string(d.Hex), d.Times)))
	case "dict":
		b = OpenDict(b)
		for _, pair := range d.pairs(tb) {
			b = pair[1].encode(tb, pair[0].encode(tb, b))
		}
		return CloseDict(b)
	}
	items := d.items(tb)
	if d.Type == "tuple" {
		b = AppendTuple(b, len(items))
	} else {
		b = AppendList(b, len(items))
	}
	for _, item := range items {
		b = item.encode(tb, b)
	}
	return b
}

func (d described) integer(tb testing.TB) int64 {
	tb.Helper()
	n, err := strconv.ParseInt(d.Value, 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func (d described) float(tb testing.TB) float64 {
	tb.Helper()
	v, err := strconv.ParseFloat(d.Value, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func (d described) items(tb testing.TB) []described { return parse[[]described](tb, d.Items) }

func (d described) pairs(tb testing.TB) [][2]described { return parse[[][2]described](tb, d.Items) }

func parse[T any](tb testing.TB, raw json.RawMessage) (v T) {
	tb.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		tb.Fatal(err)
	}
	return v
}
