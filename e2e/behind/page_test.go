package behind

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
	"highball/internal/certs/certstest"
)

const pageName = "DEPLOYMENT.md"

func deployment(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", pageName))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// maxScreen are the lines of a section of the page.
const maxScreen = 25

// Each set-up is one screen, and what it links to exists.
func TestPageIsOfScreens(t *testing.T) {
	text := deployment(t)
	sections := strings.Split(text, "\n## ")
	anchors := []string{}
	for _, section := range sections[1:] {
		title, _, _ := strings.Cut(section, "\n")
		if n := strings.Count(section, "\n"); n > maxScreen {
			t.Errorf("%q has %d lines, at most %d", title, n, maxScreen)
		}
		anchors = append(anchors, strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(title), ""), " ", "-"))
	}
	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(text, -1) {
		path, anchor, _ := strings.Cut(link[1], "#")
		if path != "" {
			if _, err := os.Stat(filepath.Join(harness.Root(), "docs", path)); err != nil {
				t.Errorf("%s: %v", link[1], err)
			}
		} else if !slices.Contains(anchors, anchor) {
			t.Errorf("there is no section #%s", anchor)
		}
	}
	readme, err := os.ReadFile(filepath.Join(harness.Root(), "README.md"))
	if err != nil || !strings.Contains(string(readme), "(docs/"+pageName+")") {
		t.Errorf("README.md has no link to the page, %v", err)
	}
}

// The command lines of the page are those of files of deploy/, which other tests start; or
// they are started here; or, where they would ask an authority or be trusted by this
// machine, their settings are looked at.
func TestCommandsOfThePage(t *testing.T) {
	t.Parallel()
	files := deployFiles(t)
	found := 0
	for _, line := range regexp.MustCompile(`(?m)^highball run .*$`).FindAllString(deployment(t), -1) {
		found++
		_, flags, _ := strings.Cut(strings.TrimPrefix(line, "highball run "), " ")
		words := strings.Fields(strings.ReplaceAll(flags, "'", ""))
		t.Run(strings.Join(words[:2], " "), func(t *testing.T) {
			t.Parallel()
			switch {
			case strings.Contains(files, line+"\n"):
			case strings.Contains(flags, "systemd:"):
				if !strings.Contains(files, "/usr/local/bin/"+line) {
					t.Errorf("the unit of deploy/ does not run %s", line)
				}
			case strings.Contains(flags, "--https ") || strings.Contains(flags, "--local-https"):
				wantSettings(t, words)
			default:
				wantServed(t, words)
			}
		})
	}
	if found < 18 {
		t.Errorf("%d commands are on the page", found)
	}
}

// deployFiles is the text of all of them.
func deployFiles(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(harness.Root(), "deploy", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// wantSettings checks that the settings are ones, and that the server would start by them.
func wantSettings(t *testing.T, flags []string) {
	t.Helper()
	help, err := exec.Command(harness.Binary(), "run", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(help), "local-https") {
		t.Skip("this Highball gets no certificates by itself")
	}
	cmd := exec.Command(harness.Binary(), append([]string{"config", "mysite.wsgi:application"}, flags...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "HIGHBALL_") })
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// wantServed starts Highball with a line of the page, at other addresses and paths, and
// has it serve.
func wantServed(t *testing.T, flags []string) {
	t.Helper()
	dir := t.TempDir()
	issued := certstest.Root(t, "a root").Issue(t, []string{"example.com"})
	certstest.Write(t, filepath.Join(dir, "example.com.pem"), issued.Cert)
	certstest.Write(t, filepath.Join(dir, "example.com.key"), issued.Key)
	certstest.Write(t, filepath.Join(dir, "cdn.txt"), []byte("192.0.2.0/24 # a CDN\n2001:db8::/32\n"))
	paths := strings.NewReplacer("/etc/ssl/", dir+"/", "/etc/highball/", dir+"/", "/run/mysite/", dir+"/")
	args := []string{"--workers", "1"}
	for i := 0; i < len(flags); i++ {
		word := paths.Replace(flags[i])
		switch {
		case word == "--user":
			i++ // another who would have to find Python and the scratch directory
			continue
		case strings.HasPrefix(word, ":") || strings.Contains(word, "://:"):
			word = regexp.MustCompile(`:\d+$`).ReplaceAllString(word, peer.FreeAddress(t))
		}
		args = append(args, word)
	}
	s := harness.Start(t, harness.Options{App: "hello", Python: harness.Newest(t).Path, Args: args})
	want := http.StatusOK
	if slices.Contains(args, "--redirect-https") {
		want = http.StatusPermanentRedirect
	}
	s.Get(t, "/").WantStatus(t, want)
}

// What the container of the page runs is run here.
func TestCommandOfTheContainer(t *testing.T) {
	t.Parallel()
	found := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindStringSubmatch(deployment(t))
	if found == nil {
		t.Fatal("the page has no CMD")
	}
	var words []string
	if err := json.Unmarshal([]byte(found[1]), &words); err != nil || len(words) < 4 || words[0] != "highball" || words[1] != "run" {
		t.Fatalf("%q, %v", words, err)
	}
	wantServed(t, words[3:])
}
