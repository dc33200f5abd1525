package rawio

import "io"

// ReadLate reads into a buffer that it borrows only when there is something to read,
// so that one who waits long holds none. The caller returns p, unless it is nil.
func (c *Conn) ReadLate(b Buffers) (p []byte, n int, err error) {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	c.in.lend, c.in.n, c.in.errno = b, 0, 0 // nothing is tried where a deadline is over
	err = c.raw.Read(c.in.tryLate)
	p, n = c.in.p, c.in.n
	c.in.p, c.in.lend = nil, nil
	switch {
	case err != nil:
	case c.in.errno != 0:
		err = c.in.errno
	case n == 0:
		err = io.EOF
	}
	if err != nil && p != nil {
		b.Put(p)
		p, n = nil, 0
	}
	return p, n, err
}

// onceLate is once with a buffer that is kept only if something was read.
func (t *transfer) onceLate(fd uintptr) bool {
	t.p = t.lend.Get()
	if t.once(fd) {
		return true
	}
	t.lend.Put(t.p)
	t.p, t.n, t.errno = nil, 0, 0
	return false
}
