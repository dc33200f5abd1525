package settings

import (
	"fmt"
	"strings"
)

// Markdown returns the manual of all settings: an overview, then a section for
// each group and within it for each setting.
func (t Table) Markdown() string {
	var b strings.Builder
	b.WriteString("## Overview\n\n| Setting | Default | |\n|---|---|---|\n")
	for _, s := range t.Settings {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", s.Name, s.Name, s.markdownDefault(), cell(s.Usage))
	}
	for _, group := range t.groups() {
		fmt.Fprintf(&b, "\n## %s\n", group)
		for _, s := range t.inGroup(group) {
			t.section(&b, s)
		}
	}
	for _, c := range t.Sections {
		b.WriteString(c.markdown(t))
	}
	return b.String()
}

func (t Table) section(b *strings.Builder, s Setting) {
	fmt.Fprintf(b, "\n### %s\n\n| Where | How |\n|---|---|\n", s.Name)
	fmt.Fprintf(b, "| Flag | %s |\n", s.markdownFlag())
	if s.Positional {
		fmt.Fprintf(b, "| Argument | `%s` |\n", s.placeholder())
	}
	if !s.FlagOnly {
		fmt.Fprintf(b, "| Variable | `%s` |\n| File | `%s` |\n", t.Variable(s), cell(s.example()))
	}
	fmt.Fprintf(b, "| Kind | %s |\n| Default | %s |\n", s.markdownKind(), s.markdownDefault())
	fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(s.Doc))
}

func (s Setting) markdownFlag() string {
	flag := s.Flag()
	if s.Kind != Bool {
		flag += " " + s.placeholder()
	}
	text := "`" + cell(flag) + "`"
	if s.Short != "" {
		text = "`-" + s.Short + "`, " + text
	}
	switch s.Kind {
	case Bool:
		text += ", `--no-" + s.Name + "`"
	case List, Map:
		text += ", repeatable"
	}
	return text
}

func (s Setting) markdownKind() string {
	switch s.Kind {
	case Int:
		return fmt.Sprintf("%s, at least %d", s.Kind, s.Min)
	case Enum:
		return "`" + strings.Join(s.Choices, "`, `") + "`"
	case Duration, Size:
		return s.Kind.String() + "; `0` is off"
	default:
		return s.Kind.String()
	}
}

func (s Setting) markdownDefault() string {
	if s.Default != "" || s.Kind == Bool {
		return "`" + s.defaultText() + "`"
	}
	return cell(s.defaultText())
}

// cell keeps a text from ending its table cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
