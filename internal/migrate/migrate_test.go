package migrate

import (
	"errors"
	"testing"
)

func TestRefusals(t *testing.T) {
	var tr Translation
	tr.Give("app.ini:3", "workers", "4")
	tr.Leave("app.ini:5", "master", "there always is one")
	tr.Refuse("app.ini:7", "for-readline", "write the lines out")
	want := "app.ini:7: for-readline: write the lines out"
	if err := errors.Join(tr.Refusals()...); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if len(tr.Given) != 1 || len(tr.Left) != 2 {
		t.Errorf("%+v", tr)
	}
}
