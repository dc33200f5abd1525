package front

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// frame is one of HTTP/2 (RFC 9113 4.1).
func frame(kind, flags byte, stream uint32, payload ...byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	return append(binary.BigEndian.AppendUint32(append(head, flags), stream), payload...)
}

// askWithWindow asks for "/" and lets the server send so many bytes of the answer.
func askWithWindow(t *testing.T, addr net.Addr, window byte) net.Conn {
	t.Helper()
	c := connect(t, addr)
	send(t, c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+
		string(frame(4, 0, 0, 0, 4, 0, 0, 0, window))+ // SETTINGS_INITIAL_WINDOW_SIZE
		string(frame(1, 5, 1, 0x82, 0x84, 0x86, 0x41, 1, 'x')))
	return c
}

// awaitReset reads to the stream's RST_STREAM, and returns its code.
func awaitReset(t *testing.T, c net.Conn) uint32 {
	t.Helper()
	for head := make([]byte, 9); ; {
		if _, err := io.ReadFull(c, head); err != nil {
			t.Fatalf("no RST_STREAM: %v", err)
		}
		payload := make([]byte, binary.BigEndian.Uint32(head)>>8)
		if _, err := io.ReadFull(c, payload); err != nil {
			t.Fatal(err)
		}
		if head[3] == 3 {
			return binary.BigEndian.Uint32(payload)
		}
	}
}

// A client that gives the stream no window takes nothing, however well its connection is.
func TestSendTimeoutOfStream(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"a large write": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) },
		"a flush": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 100))
			w.(http.Flusher).Flush()
			<-t.Context().Done() // not by the handler's end
		},
		"the handler's end": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 100)) },
	} {
		t.Run(name, func(t *testing.T) {
			_, addr := bounded(t, "tcp", Options{SendTimeout: 50 * time.Millisecond}, evictAfter, handler)
			if code := awaitReset(t, askWithWindow(t, addr, 10)); code != 2 { // INTERNAL_ERROR
				t.Errorf("code %d", code)
			}
		})
	}
}

// One that takes what there is has its time again, and waiting for the handler is no
// part of it.
func TestSendTimeoutOfStreamIsByProgress(t *testing.T) {
	const timeout = 100 * time.Millisecond
	const size = 1 << 20
	_, addr := bounded(t, "tcp", Options{SendTimeout: timeout}, evictAfter, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 100))
		w.(http.Flusher).Flush()
		<-time.After(2 * timeout)
		_, _ = w.Write(make([]byte, size))
	})
	client := clientOf(t, true)
	client.Transport.(*http.Transport).HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10}
	response, err := client.Get("http://" + addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	often := time.NewTicker(timeout / 20)
	defer often.Stop()
	got := 0
	for piece := make([]byte, 16<<10); ; <-often.C {
		n, err := io.ReadFull(response.Body, piece)
		if got += n; err != nil {
			break
		}
	}
	if got != 100+size {
		t.Errorf("%d bytes came", got)
	}
}

// A client that asks and takes no answers ends its own connection, and no more than that.
func TestUnreadPongsOfHTTP2(t *testing.T) {
	_, addr := bounded(t, "tcp", Options{}, evictAfter, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			for err := error(nil); err == nil; {
				_, err = w.Write(make([]byte, 1<<20))
			}
		case http.MethodPost:
			_, _ = io.Copy(io.Discard, r.Body)
		}
	})
	c := connect(t, addr)
	send(t, c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+
		string(frame(4, 0, 0, 0, 4, 0x7F, 0xFF, 0xFF, 0xFF))+ // SETTINGS_INITIAL_WINDOW_SIZE
		string(frame(8, 0, 0, 0x7F, 0, 0, 0))+
		string(frame(1, 5, 1, 0x82, 0x84, 0x86, 0x41, 1, 'x')))
	ping := frame(6, 0, 0, make([]byte, 8)...)
	var err error
	for i := 0; err == nil; i++ { // what is of use pays for the PING
		stream := uint32(3 + 2*(i/2000))
		if i%2000 == 0 {
			_, _ = c.Write(frame(1, 4, stream, 0x83, 0x84, 0x86, 0x41, 1, 'x'))
		}
		_, err = c.Write(append(frame(0, 0, stream, make([]byte, 256)...), ping...))
	}
	other := connect(t, addr)
	send(t, other, "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if answer, err := io.ReadAll(other); err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
		t.Errorf("another client: %.40q, %v", answer, err)
	}
}

// Bodies that wait for their handlers leave room for those that are read: otherwise all
// of a connection could wait for each other.
func TestUnreadBodiesOfHTTP2(t *testing.T) {
	const unread = 20
	var waiting sync.WaitGroup
	release := make(chan struct{})
	waiting.Add(unread)
	_, addr := bounded(t, "tcp", Options{}, evictAfter, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/unread" {
			waiting.Done()
			<-release
		}
		_, _ = io.Copy(io.Discard, r.Body)
	})
	client := clientOf(t, true)
	body := make([]byte, 2<<20)
	post := func(path string) {
		response, err := client.Post("http://"+addr.String()+path, "a/b", bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		_ = response.Body.Close()
	}
	var all sync.WaitGroup
	for range unread {
		all.Go(func() { post("/unread") })
	}
	waiting.Wait()
	post("/read")
	close(release)
	all.Wait()
}
