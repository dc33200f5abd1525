package h1test

import (
	"strings"
	"testing"
)

func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		``:                     "",
		`GET / HTTP/1.1\r\n`:   "GET / HTTP/1.1\r\n",
		`\t\0\\`:               "\t\x00\\",
		`\x00\x7f\xfF`:         "\x00\x7f\xff",
		`\\r\\n`:               `\r\n`,
		`a\{b*3}c`:             "abbbc",
		`\{a: b\r\n*2}`:        "a: b\r\na: b\r\n",
		`\{***2}`:              "****",
		`\{\x7d*2}}{`:          "}}}{",
		`\{ab*2}\{c*2}`:        "ababcc",
		`~ {*} "quotes" and '`: `~ {*} "quotes" and '`,
	} {
		if got, err := Unescape(text); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestUnescapeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`\`:            "backslash at the end",
		`\q`:           `unknown escape \q`,
		`\x4`:          "two hexadecimal digits",
		`\xg0`:         "two hexadecimal digits",
		`\x+1`:         "two hexadecimal digits",
		"a\tb":         "byte 0x09",
		"caf\xc3\xa9":  "byte 0xc3",
		"\x7f":         "byte 0x7f",
		`\{a*2`:        "wants text*N",
		`\{a2}`:        "wants text*N",
		`\{a*1}`:       "at least twice",
		`\{a*}`:        "at least twice",
		`\{*2}`:        "at least twice",
		`\{a*-2}`:      "at least twice",
		`\{a*1048577}`: "at least twice",
		`\{\{a*2}*2}`:  "within",
		`\{\q*2}`:      `unknown escape \q`,
	} {
		if got, err := Unescape(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want an error with %q", text, got, err, want)
		}
	}
}

func TestEscapeIsUndone(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	text := Escape(every)
	if got, err := Unescape(text); err != nil || string(got) != string(every) {
		t.Errorf("%s: %q, %v", text, got, err)
	}
}
