package h1test

// Corpus is all cases, each kind in the order of their names.
type Corpus struct {
	Accept []Accepted
	Refuse []Refused
}

// Case is what both kinds of cases have.
type Case struct {
	Name    string // of the file, without its extension
	Why     string // "RFC 9112 6.3: ...": where the rule is from, and what it is for
	Request []byte // what the client sends
}

// Accepted is a request that has to reach the handler exactly as it is told here.
// What is sent right behind it has to be served as well, unless Close is set.
type Accepted struct {
	Case
	Method   string
	Target   string // as sent, not decoded
	Version  string // as sent: "HTTP/1.1"
	Host     string // the authority of an absolute target, else the Host field's value
	Fields   []Field
	Framing  Framing
	Body     []byte  // without the framing of chunks
	Trailers []Field // only those that the Trailer field names
	Close    bool    // by the request's own words, the connection ends after the response
}

// Refused is a request that has to be answered with Status, and the connection
// closed: nothing that is sent behind it may be seen. The refusal needs nothing
// but Request: neither more bytes nor the end of the connection.
type Refused struct {
	Case
	Status int
	At     Part
}

// Field is a header or trailer field: the name as sent, the value without the
// whitespace around it.
type Field struct{ Name, Value string }

// Framing is how a request tells where its body ends (RFC 9112 6.3).
type Framing string

// The framings.
const (
	None    Framing = "none" // there is no body
	Length  Framing = "length"
	Chunked Framing = "chunked"
)

// Part is where in a request the fault is.
type Part string

// The parts. Of a fault in the head no handler may learn. With a fault in the body
// a handler may be running already; reading the body must then fail.
const (
	Head Part = "head"
	Body Part = "body"
)
