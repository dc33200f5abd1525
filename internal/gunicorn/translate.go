package gunicorn

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"highball/internal/migrate"
	"highball/internal/settings"
)

// translator says a configuration in our settings.
type translator struct {
	migrate.Translation
	cfg       *Config
	needsFile bool // what is in it is named by other settings
}

// Translate says the configuration in Highball's settings.
func (c *Config) Translate() migrate.Translation {
	t := &translator{cfg: c}
	if c.App != "" {
		t.Give("argument", "app", application(c.App))
	}
	for _, s := range Settings() {
		e := c.entries[s.Name]
		switch {
		case s.carry != nil:
			s.carry(t, e)
		case !e.Given || !t.differs(e):
		case s.Fate == Refused:
			t.Refuse(e.Place, s.Name, s.Note)
		case s.Fate == Left:
			t.Leave(e.Place, s.Name, s.Note)
		}
	}
	t.fileItself()
	t.fileEffects()
	return t.Translation
}

// TranslateFile says one file in Highball's settings: what it sets, none of gunicorn's
// defaults. The path counts from dir.
func TranslateFile(ctx context.Context, path, dir string, python func(dir string) (Interpreter, error)) (migrate.Translation, error) {
	cfg, err := Load(ctx, Options{Args: []string{"--config", path}, Dir: dir, Python: python})
	if err != nil {
		return migrate.Translation{}, err
	}
	translated := cfg.Translate()
	translated.Given = slices.DeleteFunc(translated.Given, func(g settings.Given) bool { return g.Place == PlaceDefault })
	return translated, nil
}

// differs says whether e is another value than the default.
func (t *translator) differs(e Entry) bool {
	return pythonText(e.Value, true) != pythonText(e.Default, true)
}

// fileItself has the functions of the file called where it defines hooks, and what it does
// besides done in the process that forks the workers, as gunicorn has it done in its master: so an application is patched that counts on it.
func (t *translator) fileItself() {
	if len(t.cfg.hooks) == 0 && !t.cfg.acts && !t.needsFile {
		return
	}
	t.Give(t.cfg.place, "hooks", strings.TrimPrefix(t.cfg.File, "python:"))
}

// fileEffects carries what the file has changed of its process: workers inherit that
// from gunicorn's master.
func (t *translator) fileEffects() {
	c := t.cfg
	env := map[string]string{}
	maps.Copy(env, c.changed)
	place := c.place
	for _, text := range c.texts("raw_env") {
		if name, v, ok := strings.Cut(text, "="); ok {
			env[name], place = v, c.entries["raw_env"].Place
		}
	}
	if len(env) > 0 {
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(env)) {
			pairs = append(pairs, name+"="+env[name])
		}
		t.Give(place, "env", pairs...)
	}
	dirs, place := t.pythonDirs(), c.entries["pythonpath"].Place
	if len(c.path) > 0 {
		place = c.place
	}
	if dirs = append(dirs, c.path...); len(dirs) > 0 {
		t.Give(place, "pythonpath", dirs...)
	}
	if script := c.environ["SCRIPT_NAME"]; script != "" {
		t.Give("SCRIPT_NAME", "script-name", script)
	}
}

// pythonDirs are those of pythonpath: gunicorn puts each before the one before it.
func (t *translator) pythonDirs() (dirs []string) {
	text := t.cfg.text("pythonpath")
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		dirs = append(dirs, t.path(strings.TrimSpace(part)))
	}
	slices.Reverse(dirs)
	return dirs
}

// path is one of the configuration, from the directory that gunicorn goes to.
func (t *translator) path(path string) string { return absolute(t.cfg.text("chdir"), path) }

// to is the setting of ours that e becomes first.
func (e Entry) to() string { return strings.Fields(e.To)[0] }

// Settings that carry themselves over, by the form of their value.

func (t *translator) nothing(Entry) {}

func (t *translator) number(e Entry) {
	if n, ok := e.Value.(int64); ok && (e.Given || e.Name == "backlog") {
		t.Give(e.Place, e.to(), strconv.FormatInt(n, 10))
	}
}

// seconds are also given where nobody has, since the default is another.
func (t *translator) seconds(e Entry) {
	t.Give(e.Place, e.to(), strconv.FormatInt(e.Value.(int64), 10))
}

func (t *translator) flag(e Entry) {
	if on, ok := e.Value.(bool); ok && e.Given {
		t.Give(e.Place, e.to(), strconv.FormatBool(on))
	}
}

func (t *translator) text(e Entry) {
	if text, ok := e.Value.(string); ok && e.Given {
		t.Give(e.Place, e.to(), text)
	}
}

func (t *translator) file(e Entry) {
	if text, ok := e.Value.(string); ok && e.Given && text != "" {
		t.Give(e.Place, e.to(), t.path(text))
	}
}

// files count from where gunicorn was started, as they do there.
func (t *translator) files(e Entry) {
	var paths []string
	for _, path := range t.cfg.texts(e.Name) {
		paths = append(paths, absolute(t.cfg.Dir, path))
	}
	if len(paths) > 0 {
		t.Give(e.Place, e.to(), paths...)
	}
}

func (t *translator) directory(e Entry) {
	if e.Given {
		t.Give(e.Place, e.to(), e.Value.(string))
	}
}
