package hostile

import "testing"

// More than the system's buffers take.
func TestSlowHTTPTestRead(t *testing.T) {
	slowhttptest(t, "/in-one?kib=1024", "-X", "-w", "10", "-y", "20", "-n", "2", "-z", "32", "-k", "3")
}
