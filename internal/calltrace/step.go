package calltrace

// Step is one thing that happened, in words and in data. As JSON it is what
// `highball trace --json` prints; empty fields are left out.
type Step struct {
	Number int    `json:"number"`
	Time   int64  `json:"time_us"` // since the request was sent
	Kind   string `json:"step"`    // "request", "environ", "call", "start_response", ...
	Layer  string `json:"layer,omitempty"`
	Title  string `json:"title"`
	Where  string `json:"where,omitempty"` // "file:line in function"
	Why    string `json:"why,omitempty"`   // what a newcomer would ask

	Environ   []Variable  `json:"environ,omitempty"`
	Changes   []Change    `json:"changes,omitempty"` // by a middleware
	Status    string      `json:"status,omitempty"`
	Headers   [][2]string `json:"headers,omitempty"`
	Size      *int        `json:"size,omitempty"` // of Data, in bytes, before it was cut
	Data      *string     `json:"data,omitempty"` // one character for each byte
	Count     int         `json:"count,omitempty"`
	Error     string      `json:"error,omitempty"`
	Traceback string      `json:"traceback,omitempty"`

	raw bool // Data is HTTP, to be shown by lines
}

// Variable is an entry of environ.
type Variable struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Value string `json:"value"` // its repr
	From  string `json:"from"`
}

// Change is what a middleware changed, on the way in (environ) or out.
type Change struct {
	What string `json:"what"` // "added", "changed", "removed"
	Key  string `json:"key"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// Document is a whole trace.
type Document struct {
	Application string  `json:"application"`
	Request     string  `json:"request"` // its first line
	Status      int     `json:"status"`  // of the response; 0 where none came
	Steps       []*Step `json:"steps"`
}
