package pages

import (
	"fmt"
	"regexp"
	"strings"
)

// Prose is the page's lines, those of its blocks empty.
func (p Page) Prose() []string {
	lines := make([]string, len(p.Lines))
	inside := false
	for i, line := range p.Lines {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inside = !inside
		} else if !inside {
			lines[i] = line
		}
	}
	return lines
}

// What an anchor has not of its heading.
var (
	heading = regexp.MustCompile(`^#{1,6} +(.*)`)
	noLink  = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	noWord  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// Anchors are what a link may lead to: the headings, as GitHub names them.
func (p Page) Anchors() map[string]bool {
	anchors := map[string]bool{}
	for _, line := range p.Prose() {
		found := heading.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		text := noLink.ReplaceAllString(strings.ToLower(found[1]), "$1")
		name := strings.ReplaceAll(noWord.ReplaceAllString(text, ""), " ", "-")
		anchor := name
		for n := 1; anchors[anchor]; n++ {
			anchor = fmt.Sprintf("%s-%d", name, n)
		}
		anchors[anchor] = true
	}
	return anchors
}

// Rows are the cells of the tables below a heading, up to the next one.
func (p Page) Rows(title string) (rows [][]string) {
	inside := false
	for _, line := range p.Prose() {
		if found := heading.FindStringSubmatch(line); found != nil {
			inside = found[1] == title
		}
		if !inside || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| What |") {
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), " | ") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows
}
