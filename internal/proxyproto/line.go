package proxyproto

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
)

// Version 1 is a line of text (section 2.1).
const (
	prefix1 = "PROXY "
	maxLine = 107 // with its CRLF
)

func parseLine(b []byte) (*Header, int, error) {
	end := bytes.IndexByte(b[:min(len(b), maxLine)], '\n')
	switch {
	case end < 0 && len(b) >= maxLine:
		return nil, 0, wrong("2.1", "the line is longer than %d bytes", maxLine)
	case end < 0:
		return nil, 0, errMore
	case b[end-1] != '\r':
		return nil, 0, wrong("2.1", "the line does not end with CRLF")
	}
	line := string(b[len(prefix1) : end-1])
	h := &Header{Version: 1}
	family, addresses, _ := strings.Cut(line, " ")
	switch family {
	case "UNKNOWN": // what follows is to be ignored
		h.Local = true
		if strings.Contains(line, "\r") {
			return nil, 0, wrong("2.1", "there is a CR within the line")
		}
		return h, end + 1, nil
	case "TCP4", "TCP6":
	default:
		return nil, 0, wrong("2.1", "%.20q is none of TCP4, TCP6 and UNKNOWN", family)
	}
	parts := strings.Split(addresses, " ")
	if len(parts) != 4 {
		return nil, 0, wrong("2.1", "a line of %s has two addresses and two ports, with one space before each", family)
	}
	var err error
	if h.Source, err = parseEnd(parts[0], parts[2], family == "TCP4"); err != nil {
		return nil, 0, err
	}
	if h.Destination, err = parseEnd(parts[1], parts[3], family == "TCP4"); err != nil {
		return nil, 0, err
	}
	return h, end + 1, nil
}

func parseEnd(address, port string, four bool) (end netip.AddrPort, err error) {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Is4() != four || ip.Zone() != "" {
		return end, wrong("2.1", "%q is no address of that family", address)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || strconv.FormatUint(n, 10) != port { // "no leading zeroes"
		return end, wrong("2.1", "%q is no port", port)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), nil
}
