package h2

import (
	"context"
	"testing"
)

func TestStreamContext(t *testing.T) {
	type key struct{}
	x := &streamContext{parent: context.WithValue(t.Context(), key{}, 1)}
	if x.Value(key{}) != 1 || x.Err() != nil {
		t.Error("not the connection's values")
	}
	called := make(chan string, 3)
	stop := context.AfterFunc(x, func() { called <- "stopped" })
	context.AfterFunc(x, func() { called <- "after" })
	child, cancel := context.WithCancel(x)
	defer cancel()
	if !stop() || stop() {
		t.Error("stop says that it has not stopped")
	}
	x.cancel()
	x.cancel()
	<-x.Done()
	<-child.Done()
	if got := wait(t, "the function", called); got != "after" {
		t.Errorf("%s was called", got)
	}
	context.AfterFunc(x, func() { called <- "late" })
	if got := wait(t, "the function", called); got != "late" || x.Err() != context.Canceled {
		t.Errorf("%s was called, %v", got, x.Err())
	}
	if x.renew() {
		t.Error("one that has ended serves again")
	}
	if other := (&streamContext{parent: x}); !other.renew() || other.parent != nil {
		t.Error("one that has not ended does not serve again")
	}
}
