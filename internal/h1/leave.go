package h1

// leaver are the functions that are called when a client goes.
type leaver struct {
	left       func()
	halfClosed func() // it has ended its own direction
}
