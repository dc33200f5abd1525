package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// client is one keep-alive connection. It does no more than a load needs: it
// checks the status and reads the body that Content-Length announces.
type client struct {
	net.Conn
	in *bufio.Reader
}

const answerTimeout = 30 * time.Second

func dial(addr string) (*client, error) {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(answerTimeout))
	return &client{c, bufio.NewReaderSize(c, 64<<10)}, nil
}

func getRequest(path string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
}

// ask sends one request and reads its response, whose body's length it returns.
func (c *client) ask(request []byte) (length int64, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	if length, err = c.readHead(); err != nil {
		return 0, err
	}
	if _, err := c.in.Discard(int(length)); err != nil {
		return 0, err
	}
	return length, nil
}

// readHead reads a head, which must be a 200 with a Content-Length.
func (c *client) readHead() (length int64, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return 0, fmt.Errorf("answered %q", line)
	}
	length = -1
	for {
		line, err = c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("answered without Content-Length")
	}
	return length, nil
}

// download reads a large body, and upload sends one; both return the seconds.
func (c *client) download(path string, size int64) (float64, error) {
	_ = c.SetDeadline(time.Now().Add(5 * time.Minute))
	began := time.Now()
	if _, err := c.Write(getRequest(path)); err != nil {
		return 0, err
	}
	length, err := c.readHead()
	if err == nil && length != size {
		err = fmt.Errorf("%d bytes announced, want %d", length, size)
	}
	if err != nil {
		return 0, err
	}
	_, err = io.CopyN(io.Discard, c.in, size)
	return time.Since(began).Seconds(), err
}

func (c *client) upload(size int64) (float64, error) {
	_ = c.SetDeadline(time.Now().Add(5 * time.Minute))
	began := time.Now()
	head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: bench.example\r\nContent-Length: %d\r\n\r\n", size)
	if _, err := c.Write([]byte(head)); err != nil {
		return 0, err
	}
	block := bytes.Repeat([]byte("x"), 64<<10)
	for left := size; left > 0; {
		n, err := c.Write(block[:min(left, int64(len(block)))])
		if err != nil {
			return 0, err
		}
		left -= int64(n)
	}
	err := c.expect(strconv.FormatInt(size, 10))
	return time.Since(began).Seconds(), err
}

// expect reads an answer, which must have this body.
func (c *client) expect(want string) error {
	length, err := c.readHead()
	if err != nil {
		return err
	}
	body := make([]byte, length)
	if _, err = io.ReadFull(c.in, body); err == nil && string(body) != want {
		err = fmt.Errorf("the application says %q, want %q", body, want)
	}
	return err
}
