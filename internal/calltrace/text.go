package calltrace

import (
	"fmt"
	"io"
	"strings"
)

// Style says how a trace is printed.
type Style struct {
	Color bool
	Full  bool // whole bodies and values, every block
}

const (
	indent    = "                 " // below the titles
	textWidth = 84                  // of the captions
	maxValue  = 72                  // of a header's value or a line, in characters
	maxEntry  = 40                  // of a value in environ, in characters
	maxBody   = 400                 // of a body that is shown as it is, in bytes
	maxBlock  = 60                  // of a block's beginning, in bytes
	repeats   = 6                   // of the same kind of step in one layer
)

// Print writes the document for people.
func (d *Document) Print(w io.Writer, style Style) error {
	p := printer{style: style}
	p.line(p.paint(bold, d.Application) + "  " + d.Request)
	shown := map[string]int{}
	for i, s := range d.Steps {
		of := s.Kind + " " + s.Layer
		shown[of]++
		if !style.Full && shown[of] > repeats && repeated(s) {
			if shown[of] == repeats+1 {
				p.hidden(d.Steps[i:], s)
			}
			continue
		}
		p.step(s)
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

func repeated(s *Step) bool {
	switch s.Kind {
	case "block", "write", "read", "response":
		return s.Why == ""
	}
	return false
}

type printer struct {
	b     strings.Builder
	style Style
}

// The terminal's colours.
const (
	bold = "1"
	dim  = "2"
	red  = "31"
	blue = "36"
)

func (p *printer) paint(color, text string) string {
	if !p.style.Color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (p *printer) line(text string) { p.b.WriteString(text + "\n") }

func (p *printer) below(text string) {
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		p.line(strings.TrimRight(indent+line, " "))
	}
}

func (p *printer) hidden(rest []*Step, like *Step) {
	n, bytes := 0, 0
	for _, s := range rest {
		if s.Kind == like.Kind && s.Layer == like.Layer {
			n++
			if s.Size != nil {
				bytes += *s.Size
			}
		}
	}
	p.line("")
	p.below(p.paint(dim, fmt.Sprintf("… %d more like this, %s (--full shows them)", n, bytesText(bytes))))
}

func (p *printer) step(s *Step) {
	color := bold
	if s.Kind == "exception" || s.Kind == "misused" || s.Kind == "refused" {
		color = red
	}
	p.line("")
	p.line(fmt.Sprintf("%3d %s  %s", s.Number, p.paint(dim, fmt.Sprintf("%8d µs", s.Time)), p.paint(color, s.Title)))
	if s.Where != "" {
		p.below(p.paint(blue, "at "+s.Where))
	}
	p.environ(s)
	p.headers(s)
	p.changes(s)
	p.data(s)
	if s.Traceback != "" {
		p.below(s.Traceback)
	}
	if s.Why != "" {
		p.below(p.caption(s.Why))
	}
}

func (p *printer) caption(text string) string {
	lines := Wrap(strings.TrimSpace(text), textWidth)
	for i, line := range lines {
		lines[i] = p.paint(dim, "# "+line)
	}
	return strings.Join(lines, "\n")
}

func (p *printer) environ(s *Step) {
	var keys, values int
	for _, v := range s.Environ {
		keys = max(keys, len([]rune(v.Key)))
		values = max(values, len([]rune(v.Value)))
	}
	values = min(values, maxEntry) // one long value does not push all others aside
	for _, v := range s.Environ {
		value := p.cut(v.Value, maxEntry)
		p.below(fmt.Sprintf("%-*s  %-*s  %s", keys, v.Key, values, value, p.paint(dim, v.From)))
	}
}

func (p *printer) headers(s *Step) {
	for _, h := range s.Headers {
		if h[0] == "" {
			p.below(h[1]) // no header at all: its repr
			continue
		}
		p.below(h[0] + ": " + p.value(h[1]))
	}
}

func (p *printer) changes(s *Step) {
	of := "" // what the changes are about, where the title does not say
	if s.Kind == "call" {
		of = "environ "
	}
	for _, c := range s.Changes {
		switch c.What {
		case "added":
			p.below(fmt.Sprintf("+ %sadded    %s: %s", of, c.Key, p.value(c.New)))
		case "removed":
			p.below(fmt.Sprintf("- %sremoved  %s: %s", of, c.Key, p.value(c.Old)))
		case "changed":
			p.below(fmt.Sprintf("~ %schanged  %s: %s, was %s", of, c.Key, p.value(c.New), p.value(c.Old)))
		default:
			p.below("~ environ is " + c.New)
		}
	}
}

func (p *printer) data(s *Step) {
	switch {
	case s.Error != "" && s.Traceback == "" && s.Kind != "refused":
		p.below(s.Error)
	case s.Data == nil:
	case s.raw:
		p.http(*s.Data)
	default:
		p.below(p.block(*s.Data, *s.Size))
	}
}

// http shows what went over the connection, line by line.
func (p *printer) http(data string) {
	head, body, whole := strings.Cut(data, "\r\n\r\n")
	if !whole || !strings.Contains(head, " ") {
		p.below(p.block(data, len(data))) // a later piece of a response
		return
	}
	for _, line := range strings.Split(head, "\r\n") {
		p.below("| " + p.value(printable(line)))
	}
	p.below("|")
	if body == "" {
		return
	}
	if len(body) > maxBody && !p.style.Full {
		p.below("| " + strings.ReplaceAll(printable(body[:cut(body, maxBody)]), "\n", "\n| "))
		p.below(p.paint(dim, fmt.Sprintf("… of %d bytes (--full shows them)", len([]rune(body)))))
		return
	}
	p.below("| " + strings.ReplaceAll(strings.TrimRight(printable(body), "\n"), "\n", "\n| "))
}

// block shows a piece of a body as Python would.
func (p *printer) block(data string, size int) string {
	runes := []rune(data)
	shown := runes
	if !p.style.Full && len(runes) > maxBlock {
		shown = runes[:maxBlock]
	}
	text := bytesRepr(shown)
	if len(shown) < size {
		text += "…"
	}
	return text
}

func (p *printer) value(text string) string { return p.cut(text, maxValue) }

func (p *printer) cut(text string, most int) string {
	runes := []rune(text)
	if p.style.Full || len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
