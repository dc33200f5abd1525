package uwsgiconf

import (
	"fmt"
	"slices"
	"strings"
)

// Markdown is the table of all options, by what becomes of them.
func Markdown() string {
	var b strings.Builder
	headings := map[Fate]string{
		Mapped:  "Options that settings of Highball's say",
		Obeyed:  "Options whose meaning is Highball's way anyway",
		Left:    "Options that have no effect",
		Refused: "Options that nothing starts with",
	}
	intros := map[Fate]string{
		Mapped:  "The value is taken as uWSGI takes it, but for what the last column says.",
		Obeyed:  "They are accepted, and need nothing.",
		Left:    "The server is what was meant without them. One line at the start names those that are given.",
		Refused: "What they ask for would be missing without a word. The error says what to use instead, as here.",
	}
	for _, fate := range []Fate{Mapped, Left, Refused, Obeyed} {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", headings[fate], intros[fate])
		if fate == Mapped {
			b.WriteString("| Option | Setting | |\n|---|---|---|\n")
		} else {
			b.WriteString("| Option | |\n|---|---|\n")
		}
		for _, o := range Options() {
			if o.Fate != fate {
				continue
			}
			fmt.Fprintf(&b, "| %s |", codes(o.Names))
			if fate == Mapped {
				fmt.Fprintf(&b, " %s |", codes(o.To))
			}
			fmt.Fprintf(&b, " %s |\n", strings.ReplaceAll(o.Says, "|", `\|`))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", counts())
	return b.String()
}

// codes writes names as code.
func codes(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "`" + name + "`"
	}
	return strings.Join(quoted, ", ")
}

// counts says how many options each fate has.
func counts() string {
	var of [Refused + 1]int
	for _, o := range rows() {
		of[o.Fate]++
	}
	total := 0
	for _, n := range of {
		total += n
	}
	return fmt.Sprintf("Of %d options, %d are mapped, %d obeyed, %d left and %d refused.", total, of[Mapped], of[Obeyed], of[Left], of[Refused])
}

// Settings are the names of all settings that options are mapped to.
func Settings() (names []string) {
	for _, o := range Options() {
		names = append(names, o.To...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
