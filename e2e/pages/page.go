package pages

import (
	"fmt"
	"os"
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

// Apply changes a file's text as a block of kind "diff" says. Its lines have to be there.
func (b Block) Apply(text string) (string, error) {
	var before, after strings.Builder
	for _, line := range b.Lines {
		switch {
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "@@"):
		case strings.HasPrefix(line, "-"):
			before.WriteString(line[1:] + "\n")
		case strings.HasPrefix(line, "+"):
			after.WriteString(line[1:] + "\n")
		default:
			same := strings.TrimPrefix(line, " ") + "\n"
			before.WriteString(same)
			after.WriteString(same)
		}
	}
	if strings.Count(text, before.String()) != 1 {
		return "", fmt.Errorf("line %d: the file has not, or not once:\n%s", b.Line, before.String())
	}
	return strings.Replace(text, before.String(), after.String(), 1), nil
}
