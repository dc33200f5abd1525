package settings

import "testing"

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Bytes{
		"0": 0, "4096": 4096, "512m": 512 << 20, "512M": 512 << 20, "512MB": 512 << 20, "512MiB": 512 << 20,
		"1.5g": 3 << 29, "2 GiB": 2 << 30, "64k": 64 << 10, "7b": 7,
	} {
		got, err := parseSize(text)
		if err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "m", "-1", "1t", "1e30", "NaN", "inf", "12 12"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q is taken as %d", text, got)
		}
	}
}

func TestSizeReadsBack(t *testing.T) {
	for _, size := range []Bytes{0, 1, 1023, 1024, 1536, 512 << 20, 3 << 30, 1<<30 + 1} {
		if got, err := parseSize(size.String()); err != nil || got != size {
			t.Errorf("%d is written %s and read as %d, %v", int64(size), size, int64(got), err)
		}
	}
}

func TestHelpOfASize(t *testing.T) {
	s := Setting{Name: "max-body", Kind: Size}
	if got := s.helpFlag(); got != "      --max-body SIZE" {
		t.Errorf("%q", got)
	}
}
