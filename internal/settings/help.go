package settings

import (
	"fmt"
	"strings"
)

// Help returns the settings by group as a command's help text shows them.
func (t Table) Help() string {
	width := 0
	for _, s := range t.Settings {
		width = max(width, len(s.helpFlag()))
	}
	var b strings.Builder
	for i, group := range t.groups() {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:\n", group)
		for _, s := range t.inGroup(group) {
			fmt.Fprintf(&b, "%-*s   %s%s\n", width, s.helpFlag(), s.Usage, s.helpDefault())
		}
	}
	return b.String()
}

func (s Setting) helpFlag() string {
	short := "    "
	if s.Short != "" {
		short = "-" + s.Short + ", "
	}
	if s.Kind == Bool {
		return "  " + short + "--[no-]" + s.Name
	}
	return "  " + short + s.Flag() + " " + s.placeholder()
}

func (s Setting) helpDefault() string {
	if s.Default == "" && s.Automatic == "" {
		return ""
	}
	return " (" + s.defaultText() + ")"
}

// defaultText is the default in words.
func (s Setting) defaultText() string {
	switch {
	case s.Default != "":
		return s.Default
	case s.Automatic != "":
		return s.Automatic
	case s.Kind == Bool:
		return "false"
	default:
		return "none"
	}
}

func (s Setting) placeholder() string {
	if s.Placeholder != "" {
		return s.Placeholder
	}
	switch s.Kind {
	case Int:
		return "N"
	case Duration:
		return "TIME"
	case Enum:
		return strings.Join(s.Choices, "|")
	case Size:
		return "SIZE"
	case Map:
		return "NAME=VALUE"
	default:
		return "TEXT"
	}
}
