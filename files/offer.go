package files

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf16"
)

// The names of the requests.
const (
	prefix     = "beckon.files.v1/"
	OfferName  = prefix + "offer" // what a receiver takes: see ReadProposal
	blocksName = prefix + "blocks"
	hashesName = prefix + "hashes"
	digestName = prefix + "digest"
)

// The bounds of what comes.
const (
	maxOffer    = 4 << 20 // bytes of an offer
	maxEntries  = 10_000
	maxName     = 1024 // UTF-16 code units
	maxQuestion = 1024 // bytes of any other request
	maxReceipt  = 1024
	maxNumber   = 1<<53 - 1 // what a number of JavaScript holds
)

// Offer is what a sender has for others.
type Offer struct {
	// ID is 16 hexadecimal digits, the same for every time that it is offered.
	ID string `json:"id"`
	// Name is what a user is told that this is.
	Name string `json:"name"`
	// Size is that of all files, in bytes.
	Size int64 `json:"size"`
	// Entries are the files, and those folders that are empty: a []Entry.
	Entries entries `json:"entries"`
}

// Entry is a file or a folder.
type Entry struct {
	// Path has slashes between its elements, and keeps CheckPath's rules.
	Path string `json:"path"`
	// Size is in bytes, 0 for a folder.
	Size int64 `json:"size"`
	// Modified is when it was changed, in milliseconds since 1970; nil if that is not said.
	Modified *int64 `json:"modified,omitempty"`
	// Folder tells that it is one.
	Folder bool `json:"folder,omitempty"`
}

// Receipt is what a receiver answers when it has all of an offer.
type Receipt struct {
	// Files is how many there are, and Bytes what is in them.
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	// Received are those of the bytes that were sent for it; the others were there.
	Received int64 `json:"received"`
}

// Files is how many of the entries are files.
func (o *Offer) Files() int {
	n := 0
	for _, e := range o.Entries {
		if !e.Folder {
			n++
		}
	}
	return n
}

// entries are decoded one by one: four megabytes of "{}," would become a hundred of structs before anybody counts them.
type entries []Entry

var errTooMany = errors.New("too many")

func (l *entries) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.New("no list")
	}
	for d.More() {
		if len(*l) == maxEntries {
			return errTooMany
		}
		var e Entry
		if err := d.Decode(&e); err != nil {
			return err
		}
		*l = append(*l, e)
	}
	return nil
}

// decodeOffer reads an offer, which anybody may have made, and checks all of it.
func decodeOffer(raw []byte) (*Offer, error) {
	bad := func(text string) error { return &Error{Code: CodeBadOffer, Text: text} }
	var o Offer
	switch err := json.Unmarshal(raw, &o); {
	case errors.Is(err, errTooMany) || len(o.Entries) > maxEntries:
		return nil, bad("there are more than 10000 entries")
	case err != nil:
		return nil, bad("it is no offer in JSON")
	case !isID(o.ID):
		return nil, bad("the id is 16 hexadecimal digits")
	case o.Name == "" || len(utf16.Encode([]rune(o.Name))) > maxName:
		return nil, bad("the name has 1 to 1024 characters")
	case len(o.Entries) == 0:
		return nil, bad("there are no entries")
	}
	if path, fault := checkPaths(o.Entries); fault != "" {
		return nil, fault.error(path)
	}
	var sum int64
	for i := range o.Entries {
		e := &o.Entries[i]
		switch {
		case e.Size < 0 || e.Size > maxNumber-sum:
			return nil, bad("a size is no number of bytes")
		case e.Folder && e.Size > 0:
			return nil, bad("a folder has no size")
		}
		sum += e.Size
	}
	if sum != o.Size {
		return nil, bad("the size is not that of all entries")
	}
	return &o, nil
}

func isID(id string) bool {
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(id) == 16
}

// readAll reads a body of at most limit bytes; more is an error.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = &Error{Code: CodeBadOffer, Text: "the body is too long"}
	}
	return raw, err
}
