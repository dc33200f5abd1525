package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"highball/e2e/harness"
)

// A page is to be seen at a glance.
const (
	screenLines = 50
	screenWidth = 170
)

// serves are the commands that serve until they are stopped. Others come to an end.
var serves = regexp.MustCompile(`^(highball (run|dev|gunicorn|uwsgi)|\./(gunicorn|uwsgi)|gunicorn|python manage\.py highball|python \w+\.py$)`)

// restarts is for units, which are started as their manager would: the machine has none.
var restarts = regexp.MustCompile(`systemctl restart (\w+)$`)

// finds are words of commands that serve nothing all the same.
var finds = regexp.MustCompile(` (--check-config|--print-config|--daemon|-D|--help|--version)\b`)

// reader does what a page says to do.
type reader struct {
	t       *testing.T
	m       *machine
	service *service
}

func TestPages(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(harness.Root(), "docs", "from-*.md"))
	if err != nil || len(paths) == 0 {
		t.Fatal("there are no pages", err)
	}
	wheel := sync.OnceValues(func() (string, error) { return buildWheel(t.TempDir()) })
	for _, path := range paths {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "from-"), ".md")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := Read(path, name)
			if err != nil {
				t.Fatal(err)
			}
			fitsTheScreen(t, page)
			follow(t, page, wheel)
		})
	}
}

func fitsTheScreen(t *testing.T, page Page) {
	if n := len(page.Lines); n > screenLines {
		t.Errorf("the page has %d lines, more than a screen's %d", n, screenLines)
	}
	for i, line := range page.Lines {
		if n := len([]rune(line)); n > screenWidth {
			t.Errorf("line %d has %d characters, more than %d", i+1, n, screenWidth)
		}
	}
}

// follow does everything that a page says, in its order.
func follow(t *testing.T, page Page, wheel func() (string, error)) {
	r := &reader{t: t, m: newMachine(t, page.Name)}
	if page.Says("pip install highball") {
		r.m.wheel(wheel)
	}
	r.before()
	done := 0
	for _, block := range page.Blocks {
		switch block.Language {
		case "sh":
			for _, command := range block.Commands() {
				r.do(command)
				done++
			}
		case "diff":
			r.change(block)
			done++
		}
	}
	r.stop()
	if done == 0 {
		t.Error("the page says nothing to do")
	}
}

// before starts what the reader has running: testdata/NAME/srv/setup.sh.
func (r *reader) before() {
	if _, err := os.Stat(filepath.Join("testdata", filepath.Base(r.t.Name()), "srv", "setup.sh")); err == nil {
		r.m.must("sh /srv/setup.sh")
	}
}

func (r *reader) do(command string) {
	r.t.Helper()
	if unit := restarts.FindStringSubmatch(command); unit != nil {
		r.stop()
		r.service = r.m.start(execStart(r.t, r.m.in("cat /etc/systemd/system/"+unit[1]+".service")))
		return
	}
	if serves.MatchString(command) && !finds.MatchString(command) {
		r.stop()
		r.service = r.m.start(command)
		return
	}
	out := r.m.must(command)
	if strings.HasPrefix(command, "curl ") && !strings.Contains(out, "shop") {
		r.t.Errorf("%s printed %q, nothing of the shop", command, out)
		if r.service != nil {
			r.t.Log(r.service.log)
		}
	}
}

// change applies a diff.
func (r *reader) change(block Block) {
	r.t.Helper()
	path := block.File()
	text, err := block.Apply(r.m.in("cat " + path))
	if err != nil {
		r.t.Fatal(err)
	}
	r.m.write(path, []byte(text))
}

func execStart(t *testing.T, unit string) string {
	t.Helper()
	_, rest, found := strings.Cut(unit, "\nExecStart=")
	line, _, _ := strings.Cut(rest, "\n")
	if !found {
		t.Fatalf("the unit has no ExecStart:\n%s", unit)
	}
	return line
}

func (r *reader) stop() {
	r.t.Helper()
	if r.service != nil {
		r.service.stop()
		r.service = nil
	}
}
