package settings

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"
)

// flagText collects what the command line gives for one setting. It only keeps
// the texts: they are checked in Resolve, where all sources are told apart.
type flagText struct {
	kind  Kind
	texts []string
	given string // the flag as it was written, "--no-preload"
	name  string
}

func (f *flagText) String() string { return "" }
func (f *flagText) Type() string   { return f.kind.String() }

func (f *flagText) Set(text string) error {
	f.texts = append(f.texts, text)
	f.given = "--" + f.name
	return nil
}

// negation is the --no-x flag of a Bool; it writes to x, so that of both the
// last one given counts.
type negation struct{ *flagText }

func (n negation) Set(text string) error {
	on, err := parseBool(text)
	if err != nil {
		return err
	}
	n.texts = append(n.texts, fmt.Sprint(!on))
	n.given = "--no-" + n.name
	return nil
}

// AddFlags defines a flag for each setting, and --no-x for each Bool x.
func (t Table) AddFlags(flags *pflag.FlagSet) {
	for _, s := range t.Settings {
		text := &flagText{kind: s.Kind, name: s.Name}
		flag := flags.VarPF(text, s.Name, s.Short, s.Usage)
		if s.Kind == Bool {
			flag.NoOptDefVal = "true"
			flags.VarPF(negation{text}, "no-"+s.Name, "", "").NoOptDefVal = "true"
			flags.Lookup("no-" + s.Name).Hidden = true
		}
	}
}

// fromFlag returns what the command line gives for s.
func fromFlag(flags *pflag.FlagSet, s Setting) (*flagText, bool) {
	if flags == nil {
		return nil, false
	}
	flag := flags.Lookup(s.Name)
	if flag == nil {
		return nil, false
	}
	text, ok := flag.Value.(*flagText)
	return text, ok && text.given != ""
}

// FlagError rewrites an error of pflag's parser: a flag that does not exist is
// answered with the one that was probably meant.
func (t Table) FlagError(err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	if unknown.GetSpecifiedShortnames() != "" {
		return fmt.Errorf("unknown flag -%s", unknown.GetSpecifiedName())
	}
	name := unknown.GetSpecifiedName()
	hint := ""
	if s, ok := t.guess(name); ok {
		hint = didYouMean(s.Flag(), "")
	}
	return fmt.Errorf("unknown flag --%s%s", name, hint)
}
