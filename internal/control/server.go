package control

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"time"
)

const (
	// questionTime bounds what a Target asks of its workers. It is less than
	// the client's answerTime, so that the answer comes though some are silent.
	questionTime = 4 * time.Second

	// headTime is for a client that connects and says nothing.
	headTime = 10 * time.Second

	// lastAnswers is how long answers may take to leave once the listener is closed:
	// the one to "stop" is among them.
	lastAnswers = time.Second
)

// failure is the answer to what did not work.
type failure struct {
	Error string `json:"error"`
}

// success is the answer to an order that was carried out.
type success struct {
	OK bool `json:"ok"`
}

// Serve answers on l for t until l is closed, which is how to end it. Answers
// under way then have a second to leave before it returns. The error is nil
// unless l fails otherwise.
func Serve(l net.Listener, t Target) error {
	server := &http.Server{
		Handler:           handler(t),
		ReadHeaderTimeout: headTime,
		IdleTimeout:       headTime,
		ErrorLog:          log.New(io.Discard, "", 0), // about clients: they know
	}
	err := server.Serve(l)
	ctx, cancel := context.WithTimeout(context.Background(), lastAnswers)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
	}
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("control socket: %w", err)
}

func handler(t Target) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", question(func(context.Context) Status {
		status := t.Status()
		status.Addresses, status.Workers = orEmpty(status.Addresses), orEmpty(status.Workers)
		status.Certificates = orEmpty(status.Certificates)
		for i := range status.Apps {
			status.Apps[i].Hosts = orEmpty(status.Apps[i].Hosts)
		}
		if status.Refusals == nil {
			status.Refusals = map[string]int64{}
		}
		return status
	}))
	mux.HandleFunc("GET /v1/workers", question(func(context.Context) []Worker { return orEmpty(t.Workers()) }))
	mux.HandleFunc("GET /v1/requests", question(func(ctx context.Context) []Request { return oldestFirst(t.Requests(ctx)) }))
	mux.HandleFunc("GET /v1/stacks", question(func(ctx context.Context) []Stacks {
		stacks := orEmpty(t.Stacks(ctx))
		for i := range stacks {
			stacks[i].Threads = orEmpty(stacks[i].Threads)
		}
		return stacks
	}))
	mux.HandleFunc("POST /v1/reload", order(func(r *http.Request) error { return t.Reload(r.Context(), r.URL.Query().Get("app")) }))
	mux.HandleFunc("POST /v1/scale", order(func(r *http.Request) error {
		n, err := number(r, "n")
		if err != nil {
			return err
		}
		return t.Scale(r.URL.Query().Get("app"), n)
	}))
	mux.HandleFunc("POST /v1/recycle", orderWith("worker", t.Recycle))
	mux.HandleFunc("POST /v1/drain", orderWith("worker", t.Drain))
	mux.HandleFunc("POST /v1/stop", order(func(*http.Request) error { t.Stop(); return nil }))
	mux.HandleFunc("/", unknown)
	return recovered(mux)
}

// question answers with what ask returns.
func question[T any](ask func(context.Context) T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), questionTime)
		defer cancel()
		answer(w, http.StatusOK, ask(ctx))
	}
}

// order answers with success or with why it failed.
func order(carryOut func(*http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := carryOut(r); err != nil {
			answer(w, statusFor(err), failure{err.Error()})
			return
		}
		answer(w, http.StatusOK, success{true})
	}
}

// badParameter is a number that is missing or none.
type badParameter struct{ name, value string }

func (e badParameter) Error() string {
	return fmt.Sprintf("%s=%q is not a whole number of at least 0", e.name, e.value)
}

// orderWith is an order that takes a number.
func orderWith(parameter string, carryOut func(context.Context, int) error) http.HandlerFunc {
	return order(func(r *http.Request) error {
		n, err := number(r, parameter)
		if err != nil {
			return err
		}
		return carryOut(r.Context(), n)
	})
}

func number(r *http.Request, parameter string) (int, error) {
	text := r.URL.Query().Get(parameter)
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, badParameter{parameter, text}
	}
	return n, nil
}

func statusFor(err error) int {
	_, bad := errors.AsType[badParameter](err)
	switch {
	case bad, errors.Is(err, ErrNoApp):
		return http.StatusBadRequest
	case errors.Is(err, ErrNoWorker):
		return http.StatusNotFound
	case errors.Is(err, ErrBusy):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

// unknown is not 404, which says that there is no such worker.
func unknown(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusNotImplemented, failure{fmt.Sprintf(
		"the server does not know %s %s: is it of another version than this command?", r.Method, r.URL.Path)})
}

// recovered tells a panic of the Target to the one who has caused it.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				answer(w, http.StatusInternalServerError, failure{fmt.Sprintf("panic in the server: %v\n%s", p, debug.Stack())})
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document) // a client that has gone does not want it
}

// orEmpty makes nil a list: programs that read the JSON should not meet null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func oldestFirst(requests []Request) []Request {
	slices.SortStableFunc(requests, func(a, b Request) int { return cmp.Compare(b.AgeMS, a.AgeMS) })
	return orEmpty(requests)
}
