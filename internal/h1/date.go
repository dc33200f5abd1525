package h1

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dates writes the Date field, whose text it keeps for a second.
type dates struct{ last atomic.Pointer[date] }

type date struct {
	second int64
	text   string
}

func (d *dates) now() string {
	now := time.Now()
	if last := d.last.Load(); last != nil && last.second == now.Unix() {
		return last.text
	}
	next := &date{now.Unix(), now.UTC().Format(http.TimeFormat)}
	d.last.Store(next)
	return next.text
}
