package hostile

import "testing"

func TestSlowHTTPTestBody(t *testing.T) {
	slowhttptest(t, "/body", "-B", "-i", "2", "-s", "1048576", "-x", "10")
}
