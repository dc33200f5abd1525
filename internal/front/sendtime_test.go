package front

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"time"
)

// A client that takes a little now and then has its time again, however much the system
// holds for it; one that stops is cut off. So with a file.
func TestSendTimeoutIsByProgress(t *testing.T) {
	const timeout = 200 * time.Millisecond
	for _, network := range networks {
		for _, file := range []bool{false, true} {
			t.Run(fmt.Sprint(network, " file ", file), func(t *testing.T) {
				failed := make(chan error, 1)
				s := newServer(func(w http.ResponseWriter, _ *http.Request) {
					const size = 16 << 20
					w.Header().Set("Content-Length", fmt.Sprint(size))
					var err error
					if file {
						f, _ := os.CreateTemp(t.TempDir(), "")
						defer f.Close()
						_ = f.Truncate(size)
						_, err = io.Copy(w, io.LimitReader(f, size))
					} else {
						_, err = w.Write(make([]byte, size))
					}
					failed <- err
				})
				s.http1.WriteTimeout = timeout
				l := listenOn(t, network)
				serve(t, s, l)
				c := connect(t, l.Addr())
				send(t, c, request)
				often := time.NewTicker(timeout / 20)
				defer often.Stop()
				for began, piece := time.Now(), make([]byte, 16<<10); time.Since(began) < 5*timeout; {
					if _, err := c.Read(piece); err != nil {
						t.Fatal(err)
					}
					select {
					case err := <-failed:
						t.Fatalf("after %s: %v", time.Since(began), err)
					case <-often.C:
					}
				}
				if err := wait(t, "the end", failed); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error(err)
				}
			})
		}
	}
}
