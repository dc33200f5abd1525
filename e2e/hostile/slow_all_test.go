package hostile

import "testing"

// All kinds of slow clients at once.
func TestSlowClients(t *testing.T) { besideSlowOnes(t, slowHead, slowBody, slowReading) }
