package pages

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Page is a page of docs/.
type Page struct {
	Name   string
	Lines  []string
	Blocks []Block
}

// Block is a fenced block of a page.
type Block struct {
	Language string
	Line     int // of its first line
	Lines    []string
}

// Read reads a page.
func Read(path, name string) (Page, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Page{}, err
	}
	p := Page{Name: name, Lines: strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")}
	var open *Block
	for i, line := range p.Lines {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && open == nil:
			open = &Block{Language: language, Line: i + 2}
		case fence:
			p.Blocks = append(p.Blocks, *open)
			open = nil
		case open != nil:
			open.Lines = append(open.Lines, line)
		}
	}
	if open != nil {
		return p, fmt.Errorf("%s:%d: the block has no end", path, open.Line)
	}
	return p, nil
}

// Says tells whether the page has this command.
func (p Page) Says(command string) bool {
	for _, block := range p.Blocks {
		if block.Language == "sh" && slices.Contains(block.Commands(), command) {
			return true
		}
	}
	return false
}

// Commands are the commands of a block of the shell: its lines, without comments, those
// that end with a backslash joined.
func (b Block) Commands() (commands []string) {
	joined := ""
	for _, line := range b.Lines {
		if rest, more := strings.CutSuffix(line, "\\"); more {
			joined += rest
			continue
		}
		command := strings.TrimSpace(joined + withoutComment(line))
		joined = ""
		if command != "" {
			commands = append(commands, command)
		}
	}
	return commands
}

// withoutComment takes away what is for the reader.
func withoutComment(line string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return ""
	}
	command, _, _ := strings.Cut(line, "  # ")
	return command
}

// File is the file that a block of kind "diff" changes.
func (b Block) File() string {
	for _, line := range b.Lines {
		if path, ok := strings.CutPrefix(line, "--- "); ok {
			return path
		}
	}
	return ""
}

// Apply changes a file's text as a block of kind "diff" says. The lines of each hunk
// have to be there, once.
func (b Block) Apply(text string) (string, error) {
	var h hunk
	for _, line := range b.Lines {
		var err error
		switch {
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
		case strings.HasPrefix(line, "@@"):
			text, err = h.apply(text)
			h = hunk{}
		default:
			h.add(line)
		}
		if err != nil {
			return "", fmt.Errorf("line %d: %w", b.Line, err)
		}
	}
	text, err := h.apply(text)
	if err != nil {
		return "", fmt.Errorf("line %d: %w", b.Line, err)
	}
	return text, nil
}

// hunk is what a part of a diff takes away, and what it puts there.
type hunk struct{ before, after strings.Builder }

func (h *hunk) add(line string) {
	kind, rest := " ", ""
	if line != "" {
		kind, rest = line[:1], line[1:]
	}
	if kind != "+" {
		h.before.WriteString(rest + "\n")
	}
	if kind != "-" {
		h.after.WriteString(rest + "\n")
	}
}

func (h *hunk) apply(text string) (string, error) {
	if h.before.Len() == 0 {
		return text, nil
	}
	if strings.Count(text, h.before.String()) != 1 {
		return "", fmt.Errorf("the file has not, or not once:\n%s", h.before.String())
	}
	return strings.Replace(text, h.before.String(), h.after.String(), 1), nil
}
