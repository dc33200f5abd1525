package front

// Listening says how the connections of a listener are served. The zero value is HTTP
// in the clear.
type Listening struct{}
