package settings

import (
	"encoding/json"
	"strings"
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
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var content map[string]any
	if err := decoder.Decode(&content); err != nil {
		return nil, err
	}
	for key, value := range content {
		content[key] = asTOML(value)
	}
	return content, nil
}

// asTOML gives a value of JSON the type that one of the file has.
func asTOML(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = asTOML(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = asTOML(v[key])
		}
	}
	return value
}
