package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Object is a table of settings in a program, such as a dict of Python's: with the file's
// keys, and values of its types.
type Object struct {
	// Name is what mistakes call it.
	Name string

	// Content is what [ParseObject] returns.
	Content map[string]any
}

func (o *Object) place(key string) string { return o.Name + "['" + key + "']" }

// ParseObject reads the content of an Object from JSON.
func ParseObject(text []byte) (map[string]any, error) {
	value, err := ParseJSON(text)
	if err != nil {
		return nil, err
	}
	content, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no object of JSON", text)
	}
	return content, nil
}

// ParseJSON reads JSON, with numbers as a file of TOML has them: int64 or float64.
func ParseJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return FromJSON(value), nil
}

// FromJSON gives a value that was decoded with its numbers as they stand (UseNumber) the type
// that one of the file has.
func FromJSON(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = FromJSON(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = FromJSON(v[key])
		}
	}
	return value
}
