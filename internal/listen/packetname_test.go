package listen

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// A UDP socket whose address is taken is refused by the name that the operator wrote.
func TestPacketInUse(t *testing.T) {
	for host, want := range map[string]string{"": "h3://0.0.0.0:%d", "127.0.0.1": "h3://127.0.0.1:%d"} {
		p, err := ListenPacket(context.Background(), Address{Host: host})
		if err != nil {
			t.Fatal(err)
		}
		if want = fmt.Sprintf(want, p.Port()); p.URL() != want {
			t.Errorf("%q: %s, want %s", host, p.URL(), want)
		}
		_, err = ListenPacket(context.Background(), Address{Host: host, Port: p.Port()})
		if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("h3://%s:%d: address already in use", host, p.Port())) {
			t.Errorf("a second one: %v", err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}
