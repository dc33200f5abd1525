package h1

import (
	"net/netip"
	"strconv"
	"strings"
)

// ValidHost says whether text is what the field Host may have, and not empty.
func ValidHost(text string) bool { return validHost(text) }

// validHost says whether text is a host and perhaps a port (RFC 9110 7.2, RFC 3986
// 3.2): no userinfo, no whitespace, nothing beyond ASCII, and not empty.
func validHost(text string) bool {
	if strings.HasPrefix(text, "[") {
		literal, rest, ok := strings.Cut(text[1:], "]")
		return ok && (validIPv6(literal) || validIPvFuture(literal)) && (rest == "" || rest[0] == ':' && validPort(rest[1:]))
	}
	name, port, _ := strings.Cut(text, ":")
	return name != "" && all(name, hostByte) && !strings.Contains(name, ",") && wellEscaped(name) && validPort(port)
}

// validIPv6: no zone, which means nothing to another machine (RFC 3986 has none).
func validIPv6(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is6() && address.Zone() == ""
}

// validIPvFuture: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) (RFC 3986 3.2.2).
func validIPvFuture(text string) bool {
	version, address, ok := strings.Cut(text, ".")
	if !ok || len(version) < 2 || version[0]|0x20 != 'v' || !all(version[1:], hexByte) {
		return false
	}
	names := strings.ReplaceAll(address, ":", "")
	return address != "" && all(names, hostByte) && !strings.ContainsAny(names, "%,")
}

// validPort: it may be empty (RFC 3986 3.2.3).
func validPort(text string) bool {
	if text == "" {
		return true
	}
	if !all(text, digitByte) {
		return false
	}
	n, err := strconv.ParseUint(text, 10, 32)
	return err == nil && n <= 65535
}

// wellEscaped says whether each percent sign stands before two hexadecimal digits
// (RFC 3986 2.1).
func wellEscaped(text string) bool {
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			return true
		}
		if len(text) < i+3 || !all(text[i+1:i+3], hexByte) {
			return false
		}
		text = text[i+3:]
	}
}
