package pages

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const sample = "# Page\n\n```sh\nhighball run a:b \\\n  --bind :80  # all\n# nothing\ncurl 'http://x/#a'\n```\n\n" +
	"```diff\n--- /etc/a\n+++ /etc/a\n a\n-b\n+c\n@@\n-z\n+q\n```\n"

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Read(path, "page")
	if err != nil || len(p.Blocks) != 2 || p.Blocks[0].Line != 4 {
		t.Fatalf("%+v, %v", p.Blocks, err)
	}
	if got, want := p.Blocks[0].Commands(), []string{"highball run a:b   --bind :80", "curl 'http://x/#a'"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	diff := p.Blocks[1]
	if diff.File() != "/etc/a" {
		t.Errorf("file %q", diff.File())
	}
	if got, err := diff.Apply("x\na\nb\ny\nz\n"); err != nil || got != "x\na\nc\ny\nq\n" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := diff.Apply("a\nx\n"); err == nil {
		t.Error("a diff of lines that are not there was applied")
	}
}
