package settings

import (
	"fmt"
	"strconv"
	"strings"
)

// Bytes is the value of a Size.
type Bytes int64

// units are the suffixes of sizes, as nginx and systemd take them: powers of 1024.
var units = []struct {
	suffix string
	bytes  Bytes
}{{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}}

// parseSize reads "512MiB", "512M", "1.5g" or a bare number of bytes.
func parseSize(text string) (Bytes, error) {
	number := strings.ToLower(strings.TrimSpace(text))
	number = strings.TrimSuffix(strings.TrimSuffix(number, "b"), "i")
	unit := Bytes(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n >= 0 && n*float64(unit) < 1<<62) {
		return 0, fmt.Errorf("%q is not a size: write bytes or units of 1024 (512MiB, 2G), 0 for no limit", text)
	}
	return Bytes(n * float64(unit)), nil
}

// String writes the size with the largest unit that leaves a whole number.
func (b Bytes) String() string {
	for _, u := range units {
		if b >= u.bytes && b%u.bytes == 0 {
			return strconv.FormatInt(int64(b/u.bytes), 10) + strings.ToUpper(u.suffix) + "iB"
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
