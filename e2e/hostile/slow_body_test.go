package hostile

import "testing"

// Clients that send a request's body slowly, or not to its end, take no slot.
func TestSlowBodies(t *testing.T) { besideSlowOnes(t, slowBody) }
