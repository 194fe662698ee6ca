package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"time"
)

// mediaType returns the media type of a name by its extension. Not package mime, which asks the system's tables: what a browser takes for a script
// must not depend on what is installed on the server.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8" // RFC 9239
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".json", ".map":
		return "application/json"
	case ".ts":
		return "text/plain; charset=utf-8" // the registered type of .ts is a film's
	default:
		return "application/octet-stream"
	}
}

// file is an embedded file, ready to be served. It does not change.
type file struct {
	name      string
	mediaType string
	etag      string
	content   []byte
	header    http.Header // further headers; nil for none
}

var _ http.Handler = (*file)(nil)

// load reads an embedded file. It panics if there is none, which is a mistake of the build that every test finds.
func load(from fs.FS, name string) *file {
	content, err := fs.ReadFile(from, name)
	if err != nil {
		panic("web: load " + name + ": " + err.Error())
	}
	sum := sha256.Sum256(content)
	return &file{
		name:      name,
		mediaType: mediaType(name),
		etag:      `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`,
		content:   content,
	}
}

// ServeHTTP answers GET, HEAD, ranges and If-None-Match (RFC 9110, sections 13 and 14).
//
// A page is not stored, for its address is a room's. What has a hash in its name is kept for ever. Everything else is stored but asked for
// again every time, which a 304 answers: the names carry no version, and a page of today with a script of yesterday would be worse
// than a round trip.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, values := range f.header {
		h[name] = values
	}
	h.Set("Content-Type", f.mediaType)
	h.Set("Cache-Control", f.caching())
	if path.Ext(f.name) != ".html" {
		h.Set("ETag", f.etag)
	}
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.content))
}

// hashed is a name with a hash of its contents, as the build gives to the parts of the SDK that are loaded on demand.
var hashed = regexp.MustCompile(`-[0-9a-f]{8}\.js(\.map)?$`)

// caching is the Cache-Control of the file (RFC 9111, section 5.2.2; RFC 8246).
func (f *file) caching() string {
	switch {
	case path.Ext(f.name) == ".html":
		return "no-store"
	case hashed.MatchString(f.name):
		return "public, max-age=31536000, immutable" // a year, in seconds
	default:
		return "no-cache"
	}
}

// serveStatus answers with the file as the body of a status that is not 200.
func (f *file) serveStatus(w http.ResponseWriter, status int) {
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(f.content)))
	w.WriteHeader(status)
	_, _ = w.Write(f.content) // net/http drops it for HEAD; a client that has gone has no use for an error
}
