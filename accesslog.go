package highball

import (
	"errors"
	"net/http"
	"strings"

	"highball/internal/gateway"
	"highball/internal/obs"
)

// onDone returns what writes the access log, or nil.
func (s *Server) onDone() func(*http.Request, gateway.Done) {
	if s.cfg.AccessLog == nil {
		return nil
	}
	return func(r *http.Request, d gateway.Done) {
		record := obs.AccessRecord{
			Time: d.Began, RequestID: d.RequestID, RemoteAddr: r.RemoteAddr, Method: r.Method,
			Target: r.RequestURI, Proto: r.Proto, Status: d.Status, Bytes: d.Bytes, Duration: d.Took,
			QueueTime: d.Waited, AppTime: d.ToHead, Referer: r.Referer(), UserAgent: r.UserAgent(),
			Host: r.Host, WorkerPID: d.WorkerPID, App: s.name,
		}
		if !s.cfg.Standalone { // whose log writes at once; another handler may keep the texts
			record = record.Clone()
		}
		if d.Detail != nil {
			record.Details = s.details(r, d.Detail)
		}
		if d.Failure != "" {
			record.Error = errors.New(d.Failure)
		}
		record.LogTo(r.Context(), s.cfg.AccessLog)
	}
}

// details are what a form of the access log may ask for. environ is made when it does.
func (s *Server) details(r *http.Request, d *gateway.Detail) *obs.Details {
	var environ map[string]string
	look := func(name string) (string, bool) {
		if environ == nil {
			environ = map[string]string{}
			for key, value := range s.cfg.Environ {
				environ[strings.ToLower(key)] = value
			}
			for key, value := range d.Environ() {
				environ[strings.ToLower(key)] = value
			}
		}
		value, ok := environ[name]
		return value, ok
	}
	return &obs.Details{Path: d.Path, Query: d.Query, Request: r.Header, Response: d.Field, Environ: look}
}
