package hostile

import "testing"

// Clients that read a response slowly keep no slot.
func TestSlowReading(t *testing.T) { besideSlowOnes(t, slowReading) }
