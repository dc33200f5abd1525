package uwsgiconf

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// substitute puts in what $(NAME), @(file) and %(option) stand for, one kind after the
// other as uWSGI does. What stands for nothing stays as it is written.
func (r *reader) substitute() error {
	for _, pass := range []struct {
		symbol byte
		find   func(name string) (string, bool, error)
	}{{'$', r.variable}, {'@', r.content}, {'%', r.option}} {
		for i := range r.entries {
			e := &r.entries[i]
			if e.file == placeholder || isImmediate(e.Key) {
				continue
			}
			value, err := replace(e.Value, pass.symbol, pass.find)
			if err != nil {
				return mistake(e.Place, "%s: %s", e.Key, err)
			}
			e.Value = value
		}
	}
	return nil
}

// isImmediate says whether uWSGI has obeyed an option when it comes to placeholders, so
// that its value stays as it is written.
func isImmediate(key string) bool {
	switch key {
	case "set", "set-placeholder", "set-ph", "ini", "include", "inherit", "yaml", "yml", "json", "js":
		return true
	}
	return false
}

// replace goes through a text once; what it puts in is not looked at again.
func replace(text string, symbol byte, find func(string) (string, bool, error)) (string, error) {
	var b strings.Builder
	for {
		i := strings.Index(text, string(symbol)+"(")
		if i < 0 {
			break
		}
		length := strings.IndexByte(text[i:], ')')
		if length < 0 {
			break
		}
		value, known, err := find(text[i+2 : i+length])
		if err != nil {
			return "", err
		}
		if !known {
			value = text[i : i+length+1]
		}
		b.WriteString(text[:i])
		b.WriteString(value)
		text = text[i+length+1:]
	}
	return b.String() + text, nil
}

func (r *reader) variable(name string) (string, bool, error) {
	value, known := r.sys.getenv(name)
	return value, known, nil
}

func (r *reader) content(path string) (string, bool, error) {
	if scheme, _, found := strings.Cut(path, "://"); found {
		return "", false, fmt.Errorf("@(%s) is not supported: write what it gives to a file and name that (the scheme %s would run or ask something)", path, scheme)
	}
	text, err := os.ReadFile(r.absolute(path))
	if err != nil {
		return "", false, fmt.Errorf("@(%s): there is no such file to read", path)
	}
	return string(text), true, nil
}

// option is the value of another option, the first of its name, or a sum of such:
// terms and operators between blanks, taken from left to right.
func (r *reader) option(text string) (string, bool, error) {
	terms := strings.Fields(text)
	if len(terms) == 0 {
		return "", false, nil
	}
	value, known := r.valueOf(terms[0])
	if !known || len(terms) == 1 {
		return value, known, nil
	}
	sum, _ := strconv.Atoi(value)
	for i := 1; i+1 < len(terms); i += 2 {
		operand := terms[i+1]
		if named, ok := r.valueOf(operand); ok {
			operand = named
		}
		n, err := strconv.Atoi(operand)
		if err != nil {
			return "", false, fmt.Errorf("%%(%s): %s is no number", text, terms[i+1])
		}
		if sum, err = calculate(sum, terms[i], n); err != nil {
			return "", false, fmt.Errorf("%%(%s): %s", text, err)
		}
	}
	return strconv.Itoa(sum), true, nil
}

func calculate(a int, operator string, b int) (int, error) {
	switch operator {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "/":
		if b == 0 {
			return 0, errors.New("it divides by zero")
		}
		return a / b, nil
	}
	return 0, fmt.Errorf("%s is none of + - * /", operator)
}

func (r *reader) valueOf(name string) (string, bool) {
	for i := range r.entries {
		if e := &r.entries[i]; e.Key == name {
			e.quoted = e.quoted || !isOption(name)
			return e.Value, true
		}
	}
	return "", false
}
