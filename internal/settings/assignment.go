package settings

// Assignment writes a setting as a line of the file, `key = value`.
func (v Values) Assignment(name string) string {
	for _, s := range v.table.Settings {
		if s.Name == name {
			return s.Key() + " = " + quote(v.values[name].content)
		}
	}
	return ""
}
