package harness

// Ability is something that some protocols express and others do not: what is right
// to differ between them, and why.
type Ability uint16

// The abilities. Explained tells of each which clause says so.
const (
	Raw         Ability = 1 << iota // bytes that a test writes itself: pipelining, HTTP/1.0, malformed messages
	Reason                          // a reason phrase
	Spelling                        // the names of fields as they are spelled
	HalfClose                       // the client ends its direction, and still listens
	Streams                         // an exchange is given up without the others on its connection
	Connections                     // an exchange has a connection that is used again, and knows its client
	Framing                         // bodies of no declared length, ends that are told from cuts, interim responses, trailers
	Remains                         // what was sent before a cut arrives
	PlainHTTP                       // net/http's server speaks it, so that HIGHBALL_TEST_ENGINE=net/http has it
)

// text is what all of HTTP/1 has.
const text = Raw | Reason | Spelling | HalfClose

// Explanation is why an ability is not one of all wires.
type Explanation struct {
	Ability Ability
	Name    string // as it is spelled here
	Says    string
	Source  string
}

// Explained are the differences between the wires that are right. What else differs
// is a fault.
func Explained() []Explanation {
	return []Explanation{
		{Raw, "Raw", "Pipelining, HTTP/1.0, absolute targets and `Connection` are of HTTP/1; streams have taken their place", "RFC 9112 9.3.2, RFC 9113 5, RFC 9114 4"},
		{Reason, "Reason", "HTTP/2 and HTTP/3 have no reason phrase: the text of the status that the application gives goes nowhere", "RFC 9113 8.3.2, RFC 9114 4.3.2"},
		{Spelling, "Spelling", "In HTTP/2 and HTTP/3 the names of fields are in lower case", "RFC 9113 8.2, RFC 9114 4.2"},
		{HalfClose, "HalfClose", "The end of a direction is of TCP; a stream of HTTP/2 and HTTP/3 has its own end, which each request has", "RFC 9112 9.6, RFC 9113 5.1, RFC 9114 4.1"},
		{Streams, "Streams", "A stream is reset alone; in HTTP/1 and uwsgi the connection has to end", "RFC 9112 9.6, RFC 9113 5.4.2, RFC 9114 4.1.1"},
		{Connections, "Connections", "With uwsgi, `REMOTE_*`, `SERVER_*`, the path, the scheme, other variables and how repeated fields are joined are the proxy's words, and a connection serves one request", "uwsgi protocol, modifier1 0"},
		{Remains, "Remains", "A reset of a QUIC stream may overtake what was sent before it, the head as well", "RFC 9000 3.2"},
		{Framing, "Framing", "With uwsgi, the response ends with the connection: a cut shows only where a length was declared, and there is neither 1xx nor a trailer. " +
			"nginx sends no body before it knows the length", "uwsgi protocol; nginx, uwsgi_request_buffering"},
	}
}
