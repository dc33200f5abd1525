package hostile

import "testing"

// Clients that send a request's head slowly, or not to its end, are nobody's harm.
func TestSlowHeads(t *testing.T) { besideSlowOnes(t, slowHead) }
