package highball

import "os"

// maxUWSGIBuffer is the largest that uWSGI's packets allow, and uwsgi.buffer_size says.
const maxUWSGIBuffer = 1<<16 - 1

// uwsgiModule is what the Python side's module uwsgi knows; nil: there is no such module.
func (c *Config) uwsgiModule() map[string]any {
	if c.UWSGI == nil {
		return nil
	}
	options := map[string]any{}
	for name, values := range c.UWSGI {
		options[name] = true
		if len(values) > 0 {
			options[name] = []byte(values[len(values)-1])
		}
	}
	return map[string]any{
		"options": options, "masterpid": os.Getpid(), "numproc": c.Workers, "cores": c.Threads, "buffer_size": min(c.LimitRequestHead, maxUWSGIBuffer),
	}
}
