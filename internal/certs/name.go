package certs

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"slices"
	"strings"
)

// distinguishedName writes a name as RFC 2253 does: what is most particular first,
// "CN=alice,OU=staff,O=Example,C=DE". "" is for one that cannot be read.
func distinguishedName(raw []byte) string {
	var sequence pkix.RDNSequence
	if rest, err := asn1.Unmarshal(raw, &sequence); err != nil || len(rest) > 0 {
		return ""
	}
	var parts []string
	for _, set := range slices.Backward(sequence) {
		var pairs []string
		for _, attribute := range set {
			pairs = append(pairs, attributeText(attribute))
		}
		parts = append(parts, strings.Join(pairs, "+"))
	}
	return strings.Join(parts, ",")
}

func attributeText(a pkix.AttributeTypeAndValue) string {
	kind := a.Type.String()
	name := attributeName(kind)
	if text, ok := a.Value.(string); ok && name != "" {
		return name + "=" + escapeName(text)
	}
	if name == "" {
		name = kind
	}
	der, err := asn1.Marshal(a.Value)
	if err != nil {
		return name + "="
	}
	return name + "=#" + hex.EncodeToString(der) // RFC 2253 2.4
}

// attributeName is the name that OpenSSL has for a kind of attribute, "" if it is none
// of the usual.
func attributeName(oid string) string {
	switch oid {
	case "2.5.4.3":
		return "CN"
	case "2.5.4.4":
		return "SN"
	case "2.5.4.5":
		return "serialNumber"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case "2.5.4.9":
		return "street"
	case "2.5.4.10":
		return "O"
	case "2.5.4.11":
		return "OU"
	case "2.5.4.12":
		return "title"
	case "2.5.4.17":
		return "postalCode"
	case "2.5.4.42":
		return "GN"
	case "0.9.2342.19200300.100.1.1":
		return "UID"
	case "0.9.2342.19200300.100.1.25":
		return "DC"
	case "1.2.840.113549.1.9.1":
		return "emailAddress"
	}
	return ""
}

// escapeName: RFC 2253 2.4. Control characters, which the RFC lets stand, are written
// as pairs of digits: a value of environ is one line.
func escapeName(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		edge := i == 0 && (c == ' ' || c == '#') || i == len(s)-1 && c == ' '
		switch {
		case c < ' ' || c == 0x7f:
			b.WriteString("\\" + strings.ToUpper(hex.EncodeToString([]byte{c})))
			continue
		case edge || strings.IndexByte(`,+"\<>;`, c) >= 0:
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
