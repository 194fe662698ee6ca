// Package web serves what browsers need: the demo page and the browser SDK, both out of the binary.
//
//	/                      leads to a room, see Config.NewRoom, whose link the page gives a secret
//	/r/{room}              the demo in a room
//	/assets/{file}         what the demo consists of
//	/sdk/{file}            the SDK: beckon.js, the parts that it loads on demand, beckon.global.js for a plain script tag, their source maps
//	                       and the types; for pages of any origin
//
// The files are built by build.mjs out of sdk/src and demo/src, and committed, so that a checkout needs Go alone.
//
// The package starts no goroutine and holds no state: its handler may be used by many requests at once, and needs no Close.
package web

import (
	"crypto/rand"
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
)

//go:embed demo/dist sdk/dist missing.html
var files embed.FS

// Config says what the handler cannot know by itself. The zero value works.
type Config struct {
	// ValidRoom tells whether a room may have this name; a link to another gets a page that says so, with status 404. It may
	// be called by many requests at once. nil lets every name through: the page then hears from the SDK that it is none.
	ValidRoom func(name string) bool
	// NewRoom names the room that / leads to: one that visitors may join, which only the caller can know, and best one that
	// nobody is in. It may be called by many requests at once. nil makes up eight random letters and digits.
	NewRoom func() string
}

// Handler returns New of the zero Config.
func Handler() http.Handler { return New(Config{}) }

// New returns a handler for the paths in the package's description. Others, and methods other than GET and HEAD, are answered
// with 404 and 405, so it can be what a server falls back to.
func New(cfg Config) http.Handler {
	valid := cfg.ValidRoom
	if valid == nil {
		valid = func(string) bool { return true }
	}
	newRoom := cfg.NewRoom
	if newRoom == nil {
		newRoom = func() string { return strings.ToLower(rand.Text()[:8]) }
	}
	page, missing := load(files, "demo/dist/index.html"), load(files, "missing.html")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store") // the next visit is to another room
		http.Redirect(w, r, "/r/"+url.PathEscape(newRoom())+fresh, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /r/{room}", func(w http.ResponseWriter, r *http.Request) {
		if !valid(r.PathValue("room")) {
			missing.serveStatus(w, http.StatusNotFound)
			return
		}
		page.ServeHTTP(w, r)
	})
	serveDir(mux, "/assets/", "demo/dist", nil)
	// Any page may use the SDK of this server. There is nothing secret in it, and credentials are not allowed with a star.
	serveDir(mux, "/sdk/", "sdk/dist", http.Header{"Access-Control-Allow-Origin": {"*"}})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { missing.serveStatus(w, http.StatusNotFound) })
	return secured(mux)
}

// fresh is where / leads to in the page: there the page makes the secret of a new link, and puts it in the place of this. Which rooms are open only
// the server knows, so it names the room; what stands behind the # of an address no browser sends, so it never sees the secret.
const fresh = "#new"

// serveDir adds a route for every file below dir, with header on its answers. Only what was there when the program was built
// has one, so no path can lead anywhere else.
func serveDir(mux *http.ServeMux, prefix, dir string, header http.Header) {
	sub, err := fs.Sub(files, dir)
	if err == nil {
		err = fs.WalkDir(sub, ".", func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				file := load(sub, name)
				file.header = header
				mux.Handle("GET "+prefix+name, file)
			}
			return err
		})
	}
	if err != nil {
		panic("web: list " + dir + ": " + err.Error()) // of an embed.FS: cannot happen to a program that was built
	}
}

// secured adds the headers that every answer has.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		// A room's link lets people in: it is not told to other sites, nor to search engines.
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Content-Security-Policy", policy)
		next.ServeHTTP(w, r)
	})
}

// policy is the Content-Security-Policy of every answer: only files of this server, nothing inline, in nobody's frame, and no
// script that makes markup out of strings. connect-src 'self' includes ws: and wss: to this host (CSP Level 3, section
// 6.7.2.8, scheme-part matching). The one policy that scripts may make names the demo's one worker, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types beckon-worker"
