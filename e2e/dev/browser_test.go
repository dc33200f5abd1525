package dev

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// chromium is a browser with one page, driven by its DevTools protocol over two pipes.
type chromium struct {
	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	last    int
}

// newChromium skips the test where there is no Chromium.
func newChromium(t *testing.T, flags ...string) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.Command(path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
		"--user-data-dir=" + filepath.Join(home, "profile"), "--window-size=1000,900", "--remote-debugging-pipe",
	}, flags...)...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close()
	c := &chromium{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		c.call("Browser.close", nil)
		_ = in.Close()
		_ = cmd.Wait()
		_ = out.Close()
	})
	var target struct{ TargetID, SessionID string }
	c.into(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	c.into(&target, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	c.session = target.SessionID
	c.call("Page.enable", nil)
	return c
}

// call sends a command and returns its result; what the browser tells meanwhile is passed over.
func (c *chromium) call(method string, params map[string]any) json.RawMessage {
	c.t.Helper()
	c.last++
	command := map[string]any{"id": c.last, "method": method}
	if params != nil {
		command["params"] = params
	}
	if c.session != "" && !strings.HasPrefix(method, "Browser.") {
		command["sessionId"] = c.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(text, 0)); err != nil {
		c.t.Fatal(err)
	}
	for {
		line, err := c.out.ReadBytes(0)
		if err != nil {
			c.t.Fatalf("%s: the browser has ended: %v", method, err)
		}
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(line[:len(line)-1], &answer); err != nil {
			c.t.Fatal(err)
		}
		if answer.ID != c.last {
			continue
		}
		if answer.Error != nil {
			c.t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		return answer.Result
	}
}

func (c *chromium) into(v any, method string, params map[string]any) {
	c.t.Helper()
	if err := json.Unmarshal(c.call(method, params), v); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chromium) open(url string) {
	c.t.Helper()
	c.call("Page.navigate", map[string]any{"url": url})
}

// text is what the page shows, as somebody reads it.
func (c *chromium) text() string {
	c.t.Helper()
	var got struct{ Result struct{ Value any } }
	c.into(&got, "Runtime.evaluate", map[string]any{"expression": "document.body ? document.body.innerText : ''", "returnByValue": true})
	return fmt.Sprint(got.Result.Value)
}

// shows waits until the page does, and takes a picture: HIGHBALL_TEST_SCREENSHOTS names the
// directory that keeps it.
func (c *chromium) shows(picture string, wanted ...string) {
	c.t.Helper()
	harness.Eventually(c.t, fmt.Sprintf("the page shows %q", wanted), func() bool {
		text := c.text()
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				return false
			}
		}
		return true
	})
	var shot struct{ Data string }
	c.into(&shot, "Page.captureScreenshot", map[string]any{"format": "png"})
	image, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil || !strings.HasPrefix(string(image), "\x89PNG") {
		c.t.Errorf("the picture: %d bytes, %v", len(image), err)
	}
	if dir := os.Getenv("HIGHBALL_TEST_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "dev-"+picture+".png"), image, 0o600); err != nil {
			c.t.Error(err)
		}
	}
}

const shop = `"""A small shop."""
from prices import price

ORDERS = {"7": ["tea", "biscuits"]}

def total(order, discount=0):
    items = ORDERS[order]
    return sum(price(item) for item in items) - discount

def application(environ, start_response):
    session_token = "not to be seen"
    text = "to pay: %d" % total(environ["PATH_INFO"].strip("/"))
    start_response("200 OK", [("Content-Type", "text/html")])
    return [text.encode()]
`

const prices = "PRICES = {'tea': 3}\n\ndef price(item):\n    return PRICES[item]\n"

// A page that is open shows what is wrong, and the application once that is mended; nobody
// touches the browser.
func TestChromium(t *testing.T) {
	for _, theme := range []string{"light", "dark"} {
		t.Run(theme, func(t *testing.T) {
			c := newChromium(t)
			if theme == "dark" {
				c.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}})
			}
			p := start(t, files{"app.py": shop, "prices.py": prices})
			c.open(p.URL("/7?from=mail"))
			c.shows(theme+"-exception", "KeyError", "'biscuits'", "prices.py:4 in price", "return PRICES[item]", "GET /7")
			p.save("prices.py", strings.Replace(prices, "'tea': 3", "'tea': 3, 'biscuits': 2", 1))
			c.shows(theme+"-mended", "to pay: 5")
			p.after(func() { p.save("prices.py", strings.Replace(prices, "def price(item):", "def price(item:", 1)) })
			c.open(p.URL("/7"))
			c.shows(theme+"-syntax", "SyntaxError", "prices.py:3", "def price(item:", "does not load")
			p.save("prices.py", "import os, sys\nprint('a library gives up', file=sys.stderr)\nos._exit(3)\n")
			c.shows(theme+"-crash", "does not start", "a library gives up")
			p.save("prices.py", strings.Replace(prices, "'tea': 3", "'tea': 4, 'biscuits': 2", 1))
			c.shows(theme+"-healed", "to pay: 6")
		})
	}
}
