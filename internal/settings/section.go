package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Section is a list of tables that the file may have, [[app]]: each entry says of one of
// several things what otherwise the whole file says of one.
type Section struct {
	// Name is the key, "app". A setting of this name cannot be in the same file.
	Name string

	// Settings stand in the section alone: keys, without a flag and a variable.
	Settings []Setting

	// Shared names settings of the table that an entry may have as well. What it leaves out
	// is as it is above the entries.
	Shared []string

	// Fresh names those of Shared that begin with their defaults in each entry.
	Fresh []string

	// Refusal says why an entry has no other settings, and what to do.
	Refusal string

	// Doc is Markdown prose for the manual.
	Doc string
}

// keys are the settings of an entry, by the keys in the file.
func (c Section) keys(t Table) map[string]Setting {
	known := map[string]Setting{}
	for _, s := range c.Settings {
		known[s.Key()] = s
	}
	for _, s := range t.Settings {
		if slices.Contains(c.Shared, s.Name) {
			known[s.Key()] = s
		}
	}
	return known
}

// entriesOf are the tables of a section in the file, if its key has such.
func entriesOf(content any) (entries []map[string]any, ok bool) {
	switch c := content.(type) {
	case []map[string]any:
		return c, true
	case []any: // written in one line
		for _, entry := range c {
			table, isTable := entry.(map[string]any)
			if !isTable {
				return nil, false
			}
			entries = append(entries, table)
		}
		return entries, len(entries) > 0
	}
	return nil, false
}

// isSection says whether the file has tables of a section at a key.
func (r *resolver) isSection(key string) bool {
	_, ok := entriesOf(r.file[key])
	_, single := r.file[key].(map[string]any) // a mistake, which resolveSection tells
	return (ok || single) && slices.ContainsFunc(r.table.Sections, func(c Section) bool { return c.Name == key })
}

// resolveSection reads the entries, with what they leave out.
func (r *resolver) resolveSection(c Section) {
	entries, ok := entriesOf(r.file[c.Name])
	if !ok {
		if _, single := r.file[c.Name].(map[string]any); single {
			r.errs = append(r.errs, fmt.Errorf("%s: [%s] is one table: write [[%s]]", r.from.File, c.Name, c.Name))
		}
		return
	}
	if _, source, place, _ := r.lookup(Setting{Name: c.Name, Positional: true}); source != "" {
		r.errs = append(r.errs, fmt.Errorf("%s: %s is given beside the [[%s]] tables of %s: make it one of them", place, c.Name, c.Name, r.from.File))
	}
	for i, entry := range entries {
		r.entries[c.Name] = append(r.entries[c.Name], r.entry(c, i, entry))
	}
}

func (r *resolver) entry(c Section, index int, content map[string]any) Values {
	place := fmt.Sprintf("%s: %s[%d]", r.from.File, c.Name, index+1)
	known := c.keys(r.table)
	v := Values{table: r.table, values: maps.Clone(r.values), own: map[string]bool{}}
	for key, s := range known {
		if slices.Contains(c.Fresh, s.Name) || !slices.Contains(c.Shared, s.Name) {
			v.values[s.Name] = r.standard(s)
		}
		given, ok := content[key]
		if !ok {
			continue
		}
		texts, err := s.fromTOML(given)
		var parsed any
		if err == nil {
			parsed, err = s.parse(texts)
		}
		if err != nil {
			r.errs = append(r.errs, fmt.Errorf("%s.%s: %w", place, key, err))
			parsed = s.zero()
		}
		v.values[s.Name], v.own[s.Name] = value{content: parsed, source: place}, true
	}
	for _, key := range slices.Sorted(maps.Keys(content)) {
		if _, ok := known[key]; !ok {
			r.errs = append(r.errs, c.unknownKey(r.table, place, key))
		}
	}
	return v
}

// standard is the default of a setting.
func (r *resolver) standard(s Setting) value {
	parsed := s.zero()
	if s.Default != "" {
		var err error
		if parsed, err = s.parse(s.split(s.Default)); err != nil {
			r.errs = append(r.errs, fmt.Errorf("default of %s: %w", s.Name, err))
			parsed = s.zero()
		}
	}
	return value{content: parsed, source: SourceDefault}
}

func (c Section) unknownKey(t Table, place, key string) error {
	for _, s := range t.Settings {
		if s.Key() == key && !slices.ContainsFunc(c.Settings, func(own Setting) bool { return slices.Contains(own.KnownAs, s.Name) }) {
			return fmt.Errorf("%s.%s: %s", place, key, c.Refusal)
		}
	}
	within := Table{Settings: c.Settings}
	for _, s := range t.Settings {
		if slices.Contains(c.Shared, s.Name) {
			within.Settings = append(within.Settings, s)
		}
	}
	hint := ""
	if s, ok := within.guess(key); ok {
		hint = didYouMean(s.Key(), "")
	}
	return fmt.Errorf("%s: unknown key %q%s", place, key, hint)
}

// Entries are the tables of a section, each with all values that hold for it.
func (v Values) Entries(section string) []Values { return v.entries[section] }

// entriesTOML prints what the tables of all sections say themselves.
func (v Values) entriesTOML() string {
	var b strings.Builder
	for _, c := range v.table.Sections {
		for _, entry := range v.entries[c.Name] {
			fmt.Fprintf(&b, "\n[[%s]]  # %s\n", c.Name, entry.place(c))
			for _, s := range slices.Concat(c.Settings, v.table.Settings) {
				if entry.own[s.Name] {
					fmt.Fprintf(&b, "%s = %s\n", s.Key(), quote(entry.values[s.Name].content))
				}
			}
		}
	}
	return b.String()
}

// place is the source of whatever the entry says.
func (v Values) place(c Section) string {
	for name := range v.own {
		return v.Source(name)
	}
	return "empty: " + c.Name
}

// markdown is the section of the manual about it.
func (c Section) markdown(t Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## [[%s]]\n\n%s\n\n| Key | Kind | Default | |\n|---|---|---|---|\n", c.Name, strings.TrimSpace(c.Doc))
	for _, s := range c.Settings {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Key(), s.markdownKind(), s.markdownDefault(), cell(s.Usage))
	}
	var shared, fresh []string
	for _, s := range t.Settings {
		link := fmt.Sprintf("[`%s`](#%s)", s.Key(), s.Name)
		switch {
		case slices.Contains(c.Fresh, s.Name):
			fresh = append(fresh, link)
		case slices.Contains(c.Shared, s.Name):
			shared = append(shared, link)
		}
	}
	fmt.Fprintf(&b, "\nAn entry may have these settings too. What it leaves out is as it is above the entries:\n%s.\n", strings.Join(shared, ", "))
	fmt.Fprintf(&b, "\nAnd these, which are each entry's alone:\n%s.\n", strings.Join(fresh, ", "))
	return b.String()
}
