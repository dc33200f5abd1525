package h1

// Limits bound what a client may make the server hold. The zero value of each
// means its default.
type Limits struct {
	// RequestLine is the longest request line, in bytes with its CRLF: 414 beyond.
	// Default: 16 KiB; RFC 9112 3 recommends at least 8000.
	RequestLine int

	// Head is the largest head, request line included, and the largest trailer
	// section, in bytes: 431 beyond. Default: 64 KiB.
	Head int

	// Fields is how many there may be in a head or a trailer section: 431 beyond.
	// Default: 128.
	Fields int

	// ChunkExtensions is how many bytes of a body may be chunk extensions: 400
	// beyond. Default: 4 KiB.
	ChunkExtensions int
}

func (l Limits) withDefaults() Limits {
	orDefault(&l.RequestLine, 16<<10)
	orDefault(&l.Head, 64<<10)
	orDefault(&l.Fields, 128)
	orDefault(&l.ChunkExtensions, 4<<10)
	return l
}

func orDefault(value *int, standard int) {
	if *value == 0 {
		*value = standard
	}
}

// maxEmptyLines is how many empty lines before a request line are passed over
// (RFC 9112 2.2 wants at least one).
const maxEmptyLines = 8
