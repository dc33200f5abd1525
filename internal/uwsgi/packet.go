package uwsgi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"highball/internal/h1"
)

// The kinds of packets that are served (modifier1).
const (
	python     = 0
	pythonPath = 30 // as python, and SCRIPT_NAME is to be taken off PATH_INFO
)

const headerSize = 4

// clause names what a packet breaks.
const clause = "uwsgi protocol"

func refuse(status int, format string, args ...any) *h1.Refusal {
	return &h1.Refusal{Status: status, Clause: clause, Reason: fmt.Sprintf(format, args...)}
}

// packet is a request's head: its variables, in order.
type packet struct {
	modifier1 byte
	variables []variable
}

type variable struct{ name, value string }

// readPacket reads a packet, and nothing behind it.
func readPacket(src io.Reader) (packet, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(src, header[:]); err != nil {
		return packet{}, err
	}
	p := packet{modifier1: header[0]}
	if p.modifier1 != python && p.modifier1 != pythonPath {
		return p, refuse(http.StatusBadRequest, "modifier1 is %d: only 0 and 30 (Python) are served; is this a client of HTTP?", p.modifier1)
	}
	text := make([]byte, binary.LittleEndian.Uint16(header[1:3]))
	if _, err := io.ReadFull(src, text); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return p, err
	}
	err := p.parse(text)
	return p, err
}

// maxOthers is how many variables a packet may have that are no fields of the request.
const maxOthers = 256

func (p *packet) parse(text []byte) error {
	others := 0
	for len(text) > 0 {
		var v variable
		var ok bool
		if v.name, text, ok = cut(text); ok {
			v.value, text, ok = cut(text)
		}
		switch {
		case !ok:
			return refuse(http.StatusBadRequest, "a variable that goes beyond the packet's end")
		case v.name == "":
			return refuse(http.StatusBadRequest, "a variable without a name")
		}
		if !strings.HasPrefix(v.name, "HTTP_") {
			if others++; others > maxOthers {
				return refuse(http.StatusRequestHeaderFieldsTooLarge, "more than %d variables that are no fields", maxOthers)
			}
		}
		p.variables = append(p.variables, v)
	}
	return nil
}

// cut takes a text off that stands behind its length.
func cut(b []byte) (text string, rest []byte, ok bool) {
	if len(b) < 2 {
		return "", nil, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	if b = b[2:]; n > len(b) {
		return "", nil, false
	}
	return string(b[:n]), b[n:], true
}
