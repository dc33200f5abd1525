//go:build !windows

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// age is a duration with as much of it as matters: 350ms, 1.2s, 2m03s, 4h05m, 3d04h.
func age(d time.Duration) string {
	d = max(d, 0) // two clocks, or one that was set back
	minutes, hours := int(d/time.Minute), int(d/time.Hour)
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", math.Floor(d.Seconds()*10)/10) // never "60.0s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", minutes, int(d/time.Second)%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", hours, minutes%60)
	}
	return fmt.Sprintf("%dd%02dh", hours/24, hours%24)
}

func milliseconds(n int64) string { return age(time.Duration(n) * time.Millisecond) }

// soon is when something comes that may be due already.
func soon(d time.Duration) string {
	if d <= 0 {
		return "now"
	}
	return "in " + age(d)
}

// mebibytes is "48.2 MiB", or "-" for a size that is not known.
func mebibytes(n int64) string {
	if n <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// cut keeps at most n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// writeIndented writes a stack or a traceback of several lines behind four
// spaces, without the indentation that all its lines have.
func writeIndented(b *strings.Builder, text string) {
	text = strings.Trim(text, "\r\n")
	if text == "" {
		return
	}
	lines := strings.Split(printable(text), "\n")
	margin := math.MaxInt
	for _, line := range lines {
		if rest := strings.TrimLeft(line, " "); rest != "" {
			margin = min(margin, len(line)-len(rest))
		}
	}
	for _, line := range lines {
		b.WriteString(strings.TrimRight("    "+line[min(margin, len(line)):], " ") + "\n")
	}
}

// printable keeps what clients and applications say from being obeyed by a
// terminal: what does not print is written as an escape of Go. Line ends and
// tabs stay.
func printable(s string) string { return escape(s, "\n\t") }

// printableLine is printable for what has to stay one cell of one line.
func printableLine(s string) string { return escape(s, "") }

func escape(s, kept string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r) || strings.ContainsRune(kept, r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += n
	}
	return b.String()
}
