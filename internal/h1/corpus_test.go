package h1_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"highball/internal/h1/h1test"
)

// fewest is how many cases there are at least: fewer means that some were lost.
const fewest = 900

func loadCorpus(tb testing.TB) h1test.Corpus {
	tb.Helper()
	corpus, err := h1test.Load(os.DirFS("testdata"))
	if err != nil {
		tb.Fatal(err)
	}
	return corpus
}

// allCases is what accepted and refused cases have in common.
func allCases(corpus h1test.Corpus) (cases []h1test.Case) {
	for _, c := range corpus.Accept {
		cases = append(cases, c.Case)
	}
	for _, c := range corpus.Refuse {
		cases = append(cases, c.Case)
	}
	return cases
}

func TestCorpusIsThere(t *testing.T) {
	if n := len(allCases(loadCorpus(t))); n < fewest {
		t.Errorf("%d cases, want at least %d", n, fewest)
	}
}

func TestCorpusHasNoDuplicates(t *testing.T) {
	names, requests := map[string]bool{}, map[string]string{}
	for _, c := range allCases(loadCorpus(t)) {
		if names[c.Name] {
			t.Errorf("%s is there twice", c.Name)
		}
		if twin, found := requests[string(c.Request)]; found {
			t.Errorf("%s and %s send the same bytes", twin, c.Name)
		}
		names[c.Name], requests[string(c.Request)] = true, c.Name
	}
}

// The comment's clause is the name's, so that a case is found by either.
func TestCorpusNamesAndClausesAgree(t *testing.T) {
	for _, c := range allCases(loadCorpus(t)) {
		source, _, _ := strings.Cut(c.Why, ":")
		begin := strings.ToLower(strings.NewReplacer("RFC ", "rfc", "PEP 3333 ", "pep3333-", " ", "-").Replace(source)) + "-"
		if strings.HasPrefix(source, "Smuggling,") {
			begin = "smuggling-"
		}
		if !strings.HasPrefix(c.Name, begin) {
			t.Errorf("%s: the comment begins with %q", c.Name, source)
		}
	}
}

// What is wanted of an accepted case is what its request says, byte by byte: the
// request line by its three parts, and each field by a line of the head.
func TestCorpusWantsWhatIsSent(t *testing.T) {
	for _, c := range loadCorpus(t).Accept {
		head, _, _ := strings.Cut(strings.TrimLeft(string(c.Request), "\r\n"), "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		if want := fmt.Sprintf("%s %s %s", c.Method, c.Target, c.Version); lines[0] != want {
			t.Errorf("%s: the request line is %q, wanted is %q", c.Name, lines[0], want)
		}
		if sent, wanted := sentFields(lines[1:]), c.Fields; fmt.Sprint(sent) != fmt.Sprint(wanted) {
			t.Errorf("%s: fields sent %q, wanted %q", c.Name, sent, wanted)
		}
	}
}

func sentFields(lines []string) (fields []h1test.Field) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(name, "Host") {
			fields = append(fields, h1test.Field{Name: name, Value: strings.Trim(value, " \t")})
		}
	}
	return fields
}
