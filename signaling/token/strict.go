package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxDepth is how deep a header, the claims or a key set may nest. Identity providers put objects into objects, but not many.
const maxDepth = 16

// fields are the members of a JSON object by their exact names. encoding/json fills a struct also from names in other letters,
// and from the last of several: then "EXP" would be an `exp`, and whoever looked at the token first might have seen another.
type fields map[string]json.RawMessage

// parseFields reads an object: UTF-8, no name twice at any depth, no deeper than maxDepth, nothing behind it. The error is half a
// sentence that needs the name of the thing before it, and it quotes nothing.
func parseFields(data []byte) (fields, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8")
	}
	if !json.Valid(data) {
		return nil, errors.New("is not JSON")
	}
	if data := bytes.TrimLeft(data, " \t\r\n"); data[0] != '{' {
		return nil, errors.New("is JSON, but no object")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := walk(dec, 1); err != nil {
		return nil, err
	}
	var f fields
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, errors.New("is not JSON")
	}
	return f, nil
}

// walk moves over one value of JSON that is known to be valid.
func walk(dec *json.Decoder, depth int) error {
	start, err := dec.Token()
	if err != nil {
		return io.ErrUnexpectedEOF // cannot be: it is valid
	}
	delim, ok := start.(json.Delim)
	if !ok {
		return nil
	}
	if depth > maxDepth {
		return errors.New("nests deeper than " + strconv.Itoa(maxDepth))
	}
	seen := map[string]bool{}
	for dec.More() {
		if delim == '{' {
			name, _ := dec.Token()
			text, _ := name.(string)
			if seen[text] {
				return errors.New("says something twice")
			}
			seen[text] = true
		}
		if err := walk(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// kind is what a field's value is, for sentences.
func kind(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

// text returns a string's value; "" if the field is absent.
func (f fields) text(name string, most int) (string, error) {
	raw, ok := f[name]
	if !ok {
		return "", nil
	}
	return textOf(raw, "`"+name+"`", most)
}

func textOf(raw json.RawMessage, what string, most int) (string, error) {
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", errors.New(what + " is " + kind(raw) + ", not a string")
	}
	switch {
	case s == "":
		return "", errors.New(what + " is empty")
	case len(s) > most:
		return "", errors.New(what + " is longer than " + strconv.Itoa(most) + " bytes")
	case !printable(s):
		return "", errors.New(what + " holds characters that cannot be printed")
	}
	return s, nil
}

// printable refuses what can make two names look alike or break a line of a log. U+FFFD is what half a surrogate pair is decoded
// to, so that different names would become one.
func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r == utf8.RuneError || r != ' ' && !unicode.IsGraphic(r) }) < 0
}

// texts returns an array of strings, or a single one as an array if that is allowed; nil if the field is absent.
func (f fields) texts(name string, orOne bool, count, most int) ([]string, error) {
	raw, ok := f[name]
	what := "`" + name + "`"
	if !ok {
		return nil, nil
	}
	if orOne && raw[0] == '"' {
		s, err := textOf(raw, what, most)
		return []string{s}, err
	}
	var list []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		return nil, errors.New(what + " is " + kind(raw) + ", not an array of strings")
	}
	if len(list) > count {
		return nil, errors.New(what + " has more than " + strconv.Itoa(count) + " entries")
	}
	all := make([]string, 0, len(list))
	for _, raw := range list {
		s, err := textOf(raw, "an entry of "+what, most)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// count returns a whole number from 1 to most; 0 if the field is absent.
func (f fields) count(name string, most int) (int, error) {
	raw, ok := f[name]
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < 1 || n > most {
		return 0, errors.New("`" + name + "` is no whole number from 1 to " + strconv.Itoa(most))
	}
	return n, nil
}

// lastDate is the end of the year 9999, which is the last that every implementation can print.
const lastDate = 253402300799

// date returns a NumericDate (RFC 7519, section 2): seconds since 1970, perhaps with a fraction. Zero if the field is absent.
func (f fields) date(name string) (time.Time, error) {
	raw, ok := f[name]
	if !ok {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || !(seconds >= 0 && seconds <= lastDate) {
		return time.Time{}, errors.New("`" + name + "` is no number of seconds since 1970")
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), nil
}

// unknown returns the first name that is not one of these, and whether there is one: "" is a name as well.
func (f fields) unknown(names ...string) (string, bool) {
	var others []string
	for name := range f {
		if !slices.Contains(names, name) {
			others = append(others, name)
		}
	}
	if len(others) == 0 {
		return "", false
	}
	return slices.Min(others), true
}
