package proxyproto

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// Version 2 is binary (section 2.2).
const (
	signature2 = "\r\n\r\n\x00\r\nQUIT\n"
	fixed      = 16 // bytes, up to the addresses
)

const (
	commandLocal = 0x20
	commandProxy = 0x21
)

// addressLength is how long the addresses of a family and transport are. What the proxy
// got by datagrams (QUIC) it may pass on by a connection.
func addressLength(family byte) (length int, ok bool) {
	switch family {
	case 0x00:
		return 0, true
	case 0x11, 0x12: // IPv4, by stream and by datagram
		return 2*4 + 2*2, true
	case 0x21, 0x22:
		return 2*16 + 2*2, true
	case 0x31, 0x32:
		return 2 * 108, true
	}
	return 0, false
}

func parseBinary(b []byte) (*Header, int, error) {
	if len(b) < fixed {
		return nil, fixed, errMore
	}
	command, family := b[12], b[13]
	size := fixed + int(binary.BigEndian.Uint16(b[14:]))
	length, ok := addressLength(family)
	switch {
	case command != commandLocal && command != commandProxy:
		return nil, 0, wrong("2.2", "version and command are %#02x", command)
	case !ok:
		return nil, 0, wrong("2.2", "the family is %#02x, which is none", family)
	case size < fixed+length && command == commandProxy:
		return nil, 0, wrong("2.2", "%d bytes are less than the addresses need", size-fixed)
	case len(b) < size:
		return nil, size, errMore
	}
	h := &Header{Version: 2, Local: command == commandLocal || family == 0x00}
	if command == commandLocal { // "the receiver must ... ignore" addresses and all that follows
		return h, size, nil
	}
	block := b[fixed : fixed+length]
	switch family {
	case 0x11, 0x12:
		h.Source = endOf(block[0:4], block[8:])
		h.Destination = endOf(block[4:8], block[10:])
	case 0x21, 0x22:
		h.Source = endOf(block[0:16], block[32:])
		h.Destination = endOf(block[16:32], block[34:])
	}
	var err error
	h.TLVs, err = parseTLVs(b[:size], fixed+length)
	return h, size, err
}

func endOf(address, port []byte) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(address)
	return netip.AddrPortFrom(ip.Unmap(), binary.BigEndian.Uint16(port))
}

// parseTLVs reads what stands behind the addresses of a whole header, and checks its
// checksum if it has one (section 2.2.3).
func parseTLVs(header []byte, at int) ([]TLV, error) {
	var tlvs []TLV
	checked := false
	for at < len(header) {
		t, end, ok := nextTLV(header, at)
		if !ok {
			return nil, wrong("2.2", "an addition is longer than the header")
		}
		switch t.Type {
		case typeNoop:
		case typeChecksum:
			if checked || len(t.Value) != 4 {
				return nil, wrong("2.2.3", "the checksum is not one of four bytes")
			}
			if checked = true; checksum(header, end-4) != binary.BigEndian.Uint32(t.Value) {
				return nil, wrong("2.2.3", "the checksum is wrong")
			}
		case typeTLS:
			if !wholeTLS(t.Value) {
				return nil, wrong("2.2.6", "what is said of TLS is not whole")
			}
			tlvs = append(tlvs, t)
		default:
			tlvs = append(tlvs, t)
		}
		at = end
	}
	return tlvs, nil
}

// nextTLV is the one that begins there.
func nextTLV(b []byte, at int) (t TLV, end int, ok bool) {
	if len(b) < at+3 {
		return t, 0, false
	}
	end = at + 3 + int(binary.BigEndian.Uint16(b[at+1:]))
	if end > len(b) {
		return t, 0, false
	}
	return TLV{b[at], append([]byte(nil), b[at+3:end]...)}, end, true
}

// checksum is the header's with zeros in the place of its own.
func checksum(header []byte, at int) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, table, header[:at])
	sum = crc32.Update(sum, table, make([]byte, 4))
	return crc32.Update(sum, table, header[at+4:])
}
