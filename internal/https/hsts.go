package https

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const hstsField = "Strict-Transport-Security"

// Strict has the responses to requests by https say that the site is to be asked by
// nothing else (RFC 6797), where they do not say anything of that themselves.
func Strict(next http.Handler, value string) http.Handler {
	values := []string{value}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if Secure(r) { // RFC 6797 7.2: by http it must not be said
			w.Header()[hstsField] = values
		}
		next.ServeHTTP(w, r)
	})
}

// preloadAge is what the list of browsers wants, in seconds: a year.
const preloadAge = 365 * 24 * 60 * 60

const hstsForm = `want an age like 365d, and perhaps "; includeSubDomains" and "; preload" behind it`

// ParseStrict reads a setting like "365d; includeSubDomains; preload" and returns the
// field's value.
func ParseStrict(setting string) (value string, err error) {
	parts := strings.FieldsFunc(setting, func(r rune) bool { return r == ';' || r == ' ' || r == ',' })
	if len(parts) == 0 {
		return "", errors.New(hstsForm)
	}
	age, err := parseAge(parts[0])
	if err != nil {
		return "", err
	}
	subdomains, preload := false, false
	for _, part := range parts[1:] {
		switch strings.ToLower(part) {
		case "includesubdomains":
			subdomains = true
		case "preload":
			preload = true
		default:
			return "", fmt.Errorf("%q: %s", part, hstsForm)
		}
	}
	value = "max-age=" + strconv.FormatInt(age, 10)
	if subdomains {
		value += "; includeSubDomains"
	}
	if preload {
		if !subdomains || age < preloadAge {
			return "", errors.New("preload: the list of browsers wants includeSubDomains and an age of 365d at least")
		}
		value += "; preload"
	}
	return value, nil
}

// parseAge reads "365d", "12h", "30m", "90s" or seconds, also as the field has it.
func parseAge(text string) (seconds int64, err error) {
	number, unit := strings.TrimPrefix(strings.ToLower(text), "max-age="), int64(1)
	for suffix, length := range map[string]int64{"d": 24 * 60 * 60, "h": 60 * 60, "m": 60, "s": 1} {
		if n, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = n, length
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > 100*preloadAge/unit {
		return 0, fmt.Errorf("%q is no age: %s", text, hstsForm)
	}
	return n * unit, nil
}
