package proxyproto

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// The types of additions that are known (sections 2.2.1 to 2.2.7).
const (
	typeALPN      = 0x01
	typeAuthority = 0x02
	typeChecksum  = 0x03
	typeNoop      = 0x04
	typeUniqueID  = 0x05
	typeTLS       = 0x20
	typeNamespace = 0x30
)

// Those within typeTLS.
const (
	tlsVersion     = 0x21
	tlsCommonName  = 0x22
	tlsCipher      = 0x23
	tlsSignature   = 0x24
	tlsKey         = 0x25
	tlsGroup       = 0x26
	tlsScheme      = 0x27
	tlsCertificate = 0x28
)

// clientTLS is the bit of a client that has used TLS, and the others of one that has
// shown a certificate.
const (
	clientTLS         = 0x01
	clientCertificate = 0x02 | 0x04
)

// tlsFixed is what stands before the additions within typeTLS: the bits, and whether the
// client's certificate was verified.
const tlsFixed = 5

// Variable is an addition as environ has it.
type Variable struct{ Name, Value string }

// TLS says whether the client speaks TLS with the proxy.
func (h *Header) TLS() bool {
	for _, t := range h.TLVs {
		if t.Type == typeTLS && t.Value[0]&clientTLS != 0 {
			return true
		}
	}
	return false
}

// Variables are the additions for environ: texts as they are, in latin-1, all else in
// hexadecimal digits. Of a type that occurs twice the first counts.
func (h *Header) Variables() []Variable {
	var v variables
	for _, t := range h.TLVs {
		switch t.Type {
		case typeALPN:
			v.text("alpn", t.Value)
		case typeAuthority:
			v.text("authority", t.Value)
		case typeUniqueID:
			v.opaque("unique_id", t.Value)
		case typeNamespace:
			v.text("netns", t.Value)
		case typeTLS:
			v.tls(t.Value)
		default:
			v.add("tlv_"+hex.EncodeToString([]byte{t.Type}), hex.EncodeToString(t.Value))
		}
	}
	return v
}

type variables []Variable

func (v *variables) add(name, value string) {
	name = "highball.proxy." + name
	for _, have := range *v {
		if have.Name == name {
			return
		}
	}
	*v = append(*v, Variable{name, value})
}

// text adds a value that a client may have made: one that could not stand in a line of
// a log is left out.
func (v *variables) text(name string, value []byte) {
	if isText(value) {
		v.add(name, string(value))
	}
}

// opaque adds a value that names nobody.
func (v *variables) opaque(name string, value []byte) {
	if isText(value) {
		v.add(name, string(value))
		return
	}
	v.add(name, hex.EncodeToString(value))
}

func isText(value []byte) bool {
	for _, c := range value {
		if c < ' ' || c == 0x7F {
			return false
		}
	}
	return true
}

// wholeTLS says whether the value of typeTLS has all that it announces.
func wholeTLS(value []byte) bool {
	at, ok := tlsFixed, len(value) >= tlsFixed
	for ok && at < len(value) {
		_, at, ok = nextTLV(value, at)
	}
	return ok
}

// tls adds what is said of the client's TLS (section 2.2.6).
func (v *variables) tls(value []byte) {
	if value[0]&clientTLS == 0 {
		return
	}
	if value[0]&clientCertificate != 0 { // 0 is good
		v.add("ssl_verify", strconv.FormatUint(uint64(binary.BigEndian.Uint32(value[1:])), 10))
	}
	for at := tlsFixed; at < len(value); {
		t, end, _ := nextTLV(value, at)
		switch at = end; t.Type {
		case tlsVersion:
			v.text("ssl_version", t.Value)
		case tlsCommonName:
			v.text("ssl_cn", t.Value)
		case tlsCipher:
			v.text("ssl_cipher", t.Value)
		case tlsSignature:
			v.text("ssl_sig_alg", t.Value)
		case tlsKey:
			v.text("ssl_key_alg", t.Value)
		case tlsGroup:
			v.text("ssl_group", t.Value)
		case tlsScheme:
			v.text("ssl_sig_scheme", t.Value)
		case tlsCertificate:
			v.add("ssl_client_cert", hex.EncodeToString(t.Value))
		}
	}
}
