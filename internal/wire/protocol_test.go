package wire

import (
	"fmt"
	"math/bits"
	"os"
	"strings"
	"testing"
)

// Each frame has its row in the document, under its number and name.
func TestProtocolNamesEachType(t *testing.T) {
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind, name := range typeNames {
		row := fmt.Sprintf("| %d | %s |", kind, strings.ToUpper(name[:1])+name[1:])
		if !strings.Contains(string(text), row) {
			t.Errorf("PROTOCOL.md has no row %q", row)
		}
	}
}

// Each flag has its row, under its name and value, and is a bit of its own.
func TestProtocolNamesEachFlag(t *testing.T) {
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	var all Flags
	for name, flag := range map[string]Flags{
		"END": FlagEnd, "FREE": FlagFree, "ABORT": FlagAbort, "CUT": FlagCut, "MEASURE": FlagMeasure, "DOUBT": FlagDoubt,
	} {
		row := fmt.Sprintf("| %s | %d |", name, flag)
		if !strings.Contains(string(text), row) {
			t.Errorf("PROTOCOL.md has no row %q", row)
		}
		if bits.OnesCount8(uint8(flag)) != 1 || all&flag != 0 {
			t.Errorf("%s is %#x beside %#x", name, uint8(flag), uint8(all))
		}
		all |= flag
	}
}

// The examples are frames that this package writes and reads.
func TestProtocolExamples(t *testing.T) {
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	request := OpenDict(AppendTuple(make([]byte, HeaderSize), 2))
	request = AppendItem(request, "REQUEST_METHOD", "GET")
	request = AppendItem(request, "PATH_INFO", "/caf\xc3\xa9")
	request = AppendBytes(CloseDict(request), nil)
	Header{Length: uint32(len(request) - HeaderSize), Number: 7, Type: TypeRequest}.Put(request)
	examples := hexDumps(t, string(text))
	if len(examples) != 2 || string(examples[0]) != string(request) {
		t.Fatalf("the first example should be\n% x", request)
	}
	h := ParseHeader(examples[1])
	d := NewDecoder(examples[1][HeaderSize:])
	d.Tuple(3)
	status, fields := d.Latin1(), d.List()
	d.Tuple(2)
	name, value, body := d.Latin1(), d.Latin1(), d.Bytes()
	if d.Err() != nil || len(d.Rest()) > 0 || int(h.Length) != len(examples[1])-HeaderSize ||
		h.Number != 7 || h.Type != TypeResponse || h.Flags != FlagEnd|FlagFree ||
		status != "200 OK" || fields != 1 || name != "Content-Type" || value != "text/plain" || string(body) != "hi\n" {
		t.Errorf("the second example is %+v %q %q: %q %q, %v", h, status, name, value, body, d.Err())
	}
}

// hexDumps reads the blocks whose lines are bytes in hex and, behind a bar, text.
func hexDumps(t *testing.T, text string) (dumps [][]byte) {
	t.Helper()
	for i, block := range strings.Split(text, "```") {
		if i%2 == 0 || !strings.Contains(block, "  |") {
			continue
		}
		var dump []byte
		for line := range strings.Lines(strings.Trim(block, "\n")) {
			digits, _, _ := strings.Cut(line, "|")
			for pair := range strings.FieldsSeq(digits) {
				var b byte
				if _, err := fmt.Sscanf(pair, "%02x", &b); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				dump = append(dump, b)
			}
		}
		dumps = append(dumps, dump)
	}
	return dumps
}
