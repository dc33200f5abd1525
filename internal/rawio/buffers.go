package rawio

// Buffers lends what is read into.
type Buffers = interface {
	Get() []byte
	Put(p []byte)
}
