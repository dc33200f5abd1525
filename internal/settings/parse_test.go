package settings

import (
	"strconv"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	good := map[string]time.Duration{
		"0": 0, "0s": 0, "30": 30 * time.Second, "0.5": 500 * time.Millisecond, "1m30s": 90 * time.Second,
		"250ms": 250 * time.Millisecond, "1h": time.Hour,
	}
	for text, want := range good {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".", "-1", "-1s", "1.2.3", "inf", "nan", "1e3", "0x10", "10 s", "1d", "99999999999999"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q = %v, want an error", text, got)
		}
	}
}

func TestParseInt(t *testing.T) {
	for _, n := range []int{1, 2, 1 << 20} {
		if got, err := parseInt(strconv.Itoa(n), 1); err != nil || got != n {
			t.Errorf("%d is read as %d, %v", n, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "1.0", "1e3", " 1", "99999999999999999999"} {
		if got, err := parseInt(text, 1); err == nil {
			t.Errorf("%q = %d, want an error", text, got)
		}
	}
}

func TestParseBool(t *testing.T) {
	for text, want := range map[string]bool{
		"true": true, "Yes": true, "ON": true, "1": true, "false": false, "no": false, "off": false, "0": false,
	} {
		if got, err := parseBool(text); err != nil || got != want {
			t.Errorf("%q = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "2", "y", "enabled"} {
		if got, err := parseBool(text); err == nil {
			t.Errorf("%q = %v, want an error", text, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", time.Minute: "1m", time.Hour: "1h", 90 * time.Second: "1m30s", 10 * time.Second: "10s",
		time.Hour + time.Second: "1h0m1s", 100 * time.Minute: "1h40m", 500 * time.Millisecond: "500ms",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%v is written %q, want %q", time.Duration(d), got, want)
		}
		if got, err := parseDuration(want); err != nil || got != d {
			t.Errorf("%q is read as %v, %v", want, got, err)
		}
	}
}
