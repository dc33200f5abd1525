package gunicorn

import (
	"fmt"
	"strings"
)

// Sections are the headings of gunicorn's manual, in its order.
func Sections() []string {
	return []string{
		"Config File", "Server Socket", "Worker Processes", "Security", "Debugging", "Server Mechanics", "Logging", "Process Naming",
		"Server Hooks", "SSL", "HTTP/2", "Dirty Arbiters", "Dirty Arbiter Hooks", "Control",
	}
}

func inSection(section string) (found []Setting) {
	for _, s := range Settings() {
		if s.Section == section {
			found = append(found, s)
		}
	}
	return found
}

// Help lists gunicorn's flags with what each comes to.
func Help() string {
	var b strings.Builder
	for _, section := range Sections() {
		heading := section + ":\n"
		for _, s := range inSection(section) {
			if s.Flags == "" {
				continue
			}
			fmt.Fprintf(&b, "%s  %s\n      %s\n", heading, s.usage(), s.plainly())
			heading = ""
		}
		if heading == "" {
			b.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// usage is the flags with what follows them.
func (s Setting) usage() string {
	text := strings.Join(s.flags(), ", ")
	meta := s.Meta
	if meta == "" {
		meta = "VALUE"
	}
	switch s.action {
	case setTrue, setFalse:
		return text
	case optionally:
		return text + " [" + meta + "]"
	}
	return text + " " + meta
}

// plainly is what the setting comes to, in a line of text.
func (s Setting) plainly() string {
	return strings.ReplaceAll(s.comesTo(), "`", "")
}

// comesTo is what the setting comes to, in Markdown.
func (s Setting) comesTo() string {
	var ours []string
	for name := range strings.FieldsSeq(s.To) {
		ours = append(ours, "`"+name+"`")
	}
	text := s.Fate.String()
	if len(ours) > 0 {
		text += ": " + strings.Join(ours, ", ")
	}
	switch {
	case s.Note == "":
		return text
	case len(ours) > 0:
		return text + "; " + s.Note
	}
	return text + ": " + s.Note
}

// Markdown is the table of all settings.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| gunicorn | flag | default | here |\n|---|---|---|---|\n")
	for _, section := range Sections() {
		for _, s := range inSection(section) {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, s.flagsInTable(), s.defaultInTable(), s.comesTo())
		}
	}
	return b.String()
}

func (s Setting) flagsInTable() string {
	var flags []string
	for _, f := range s.flags() {
		flags = append(flags, "`"+f+"`")
	}
	return strings.Join(flags, ", ")
}

func (s Setting) defaultInTable() string {
	switch {
	case s.Kind == Callable, s.Default == nil:
		return ""
	case s.Default == "":
		return "`''`"
	}
	return "`" + strings.ReplaceAll(pythonText(s.Default, false), "|", `\|`) + "`"
}
