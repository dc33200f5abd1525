package worker

// Static is a directory of files that the application's framework has served below a path.
type Static struct {
	URL, Dir string
	Relative bool   // to the path that the application is mounted under
	Cache    string // Cache-Control; "": the server's to say
	Hashed   bool   // names have their content's digest in them
}

// staticOf reads what a worker reports.
func staticOf(v any) (found []Static) {
	list, _ := v.([]any)
	for _, entry := range list {
		d, _ := entry.(map[string]any)
		s := Static{URL: text(d["url"]), Dir: text(d["dir"]), Cache: text(d["cache"])}
		s.Relative, _ = d["relative"].(bool)
		s.Hashed, _ = d["hashed"].(bool)
		if s.Dir != "" {
			found = append(found, s)
		}
	}
	return found
}
