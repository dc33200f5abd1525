package highball

import (
	"fmt"
	"path/filepath"
	"strings"

	"highball/internal/gateway"
	"highball/internal/spool"
)

func (c *Config) bodyDefaults() {
	orDefault(&c.MaxBody, DefaultMaxBody)
	orDefault(&c.BodyMemory, DefaultBodyMemory)
	orDefault(&c.SpoolLimit, DefaultSpoolLimit)
	orDefault(&c.SpoolQuota, DefaultSpoolQuota)
	orDefault(&c.BodyTimeout, DefaultBodyTimeout)
	orDefault(&c.BodyMinRate, DefaultBodyMinRate)
	orDefault(&c.BodyGrace, DefaultBodyGrace)
}

func (c *Config) checkBodies() error {
	if c.BodyMemory > MaxBodyMemory {
		return fmt.Errorf("body-memory: write a size up to %d MiB, which is what a message to a worker carries: larger bodies wait in files", MaxBodyMemory>>20)
	}
	prefixes := make([]string, len(c.StreamRequest))
	for i, path := range c.StreamRequest {
		if !strings.HasPrefix(path, "/") {
			return fmt.Errorf("stream-request: %q does not begin with a slash: did you mean %q?", path, "/"+path)
		}
		prefixes[i] = strings.TrimRight(path, "/")
	}
	c.StreamRequest = prefixes
	if c.SpoolDir == "" {
		return nil
	}
	var err error
	c.SpoolDir, err = filepath.Abs(c.SpoolDir)
	return err
}

// newSpool makes the store of files. A directory that was named has to be usable;
// without one the server can do without.
func (c *Config) newSpool() (*spool.Store, error) {
	store, err := spool.New(c.SpoolDir, max(c.SpoolQuota, 0))
	if err != nil && c.SpoolDir == "" {
		c.Logger.Warn("large bodies stream to the application, and slow clients hold its threads: " + err.Error())
		return nil, nil
	}
	return store, err
}

// bodies are the limits as the gateway wants them.
func (c *Config) bodies(store *spool.Store) gateway.Bodies {
	b := gateway.Bodies{
		Max: max(c.MaxBody, 0), Memory: max(c.BodyMemory, 0), Spool: max(c.SpoolLimit, 0), Store: store,
		Stream: c.StreamRequest, Timeout: max(c.BodyTimeout, 0), MinRate: max(c.BodyMinRate, 0), Grace: max(c.BodyGrace, 0),
	}
	if c.SpoolQuota > 0 {
		b.Spool = min(b.Spool, c.SpoolQuota)
	}
	return b
}

// checkSpool says that files can be made in the spool directory still, by the user
// that the process has become.
func (s *Server) checkSpool() error {
	if s.spool == nil {
		return nil
	}
	return s.spool.Check()
}
