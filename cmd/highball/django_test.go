package main

import (
	"fmt"
	"os"
	"testing"
)

func TestDjangoSettingsAreForOneProcess(t *testing.T) {
	const text = `DJANGO_HIGHBALL={"pid": %d, "name": "shop.settings: HIGHBALL", "settings": {"workers": 3}}`
	ours, others := fmt.Sprintf(text, os.Getpid()), fmt.Sprintf(text, os.Getpid()+1)
	for _, c := range []struct {
		what    string
		environ []string
		taken   bool
	}{
		{"none", nil, false},
		{"ours", []string{ours}, true},
		{"inherited by a program that the application starts", []string{others}, false},
		{"of the process before, in an upgrade", []string{others, handoverVariable + `={"sockets":[]}`}, true},
	} {
		object, err := djangoSettings(c.environ)
		if err != nil || (object != nil) != c.taken {
			t.Errorf("%s: got %v, %v", c.what, object, err)
		}
		if c.taken && (object.Name != "shop.settings: HIGHBALL" || object.Content["workers"] != int64(3)) {
			t.Errorf("%s: got %+v", c.what, object)
		}
	}
	for _, garbage := range []string{"x", "[]", fmt.Sprintf(`{"pid": %d, "settings": [1]}`, os.Getpid())} {
		if _, err := djangoSettings([]string{"DJANGO_HIGHBALL=" + garbage}); err == nil {
			t.Errorf("%s: no error", garbage)
		}
	}
}
