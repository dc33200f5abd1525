package highball_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"highball"
)

// The whole server: what `highball run` does, without its command line.
func ExampleServer_Run() {
	srv, err := highball.New(highball.Config{
		App:        "mysite.wsgi:application",
		Dir:        "/srv/mysite",
		Bind:       []string{":8000"},
		Workers:    4,
		Standalone: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := srv.Run(ctx); err != nil { // returns nil when ctx has ended and requests are done
		var load *highball.LoadError
		if errors.As(err, &load) {
			log.Print(load.Traceback)
		}
		log.Fatal(err)
	}
}

// The zero Config serves the Django or Flask project of the current directory.
// New starts nothing yet; a mistake in the Config is reported by it.
func ExampleNew() {
	_, err := highball.New(highball.Config{ScriptName: "shop"})
	fmt.Println(err)
	// Output: script-name: "shop" does not begin with a slash: did you mean "/shop"?
}

// Two Python applications and Go handlers in one program. Each Server is an
// http.Handler, so that any Go middleware wraps it.
func ExampleMount() {
	shop, err := highball.New(highball.Config{App: "shop:create_app()", Dir: "/srv/shop"})
	if err != nil {
		log.Fatal(err)
	}
	admin, err := highball.New(highball.Config{App: "admin.wsgi", Dir: "/srv/admin", Workers: 2})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr: ":8080",
		Handler: highball.Mount{
			"/shop":    shop, // SCRIPT_NAME is "/shop"
			"/admin":   http.TimeoutHandler(admin, time.Minute, "that took too long"),
			"/healthz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }),
		},
	}
	log.Print(server.ListenAndServe())
	_ = shop.Shutdown(context.Background())
	_ = admin.Shutdown(context.Background())
}

// Prefixes are whole segments of the path, and the longest one that fits wins.
func ExampleMount_prefixes() {
	answer := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	}
	site := highball.Mount{"/": answer("the site"), "/shop": answer("the shop"), "/shop/api": answer("its API")}
	for _, path := range []string{"/", "/shop", "/shop/cart", "/shop/api/v1", "/shopping"} {
		fmt.Printf("%-12s %s\n", path, get(site, path).Body)
	}
	// Output:
	// /            the site
	// /shop        the shop
	// /shop/cart   the shop
	// /shop/api/v1 its API
	// /shopping    the site
}

// In a test of your own: the application's answers without a socket. The first
// request starts the workers.
func ExampleServer_ServeHTTP() {
	srv, err := highball.New(highball.Config{
		App: "testdata/tell.py", Workers: 1, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	fmt.Println(get(srv, "/hello").Code)
}

// Two applications behind the same addresses, each with workers of its own.
func ExampleApp() {
	srv, err := highball.New(highball.Config{
		Bind: []string{":8000"},
		Apps: []highball.App{
			{Hosts: []string{"shop.example.com"}, Config: highball.Config{App: "/srv/shop/shop.wsgi", Workers: 8}},
			{Path: "/wiki", Config: highball.Config{App: "wiki.wsgi:application", Dir: "/srv/wiki"}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(srv.Run(context.Background()))
}
