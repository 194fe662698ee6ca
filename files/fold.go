package files

import (
	"strings"
	"unicode"
)

// fold makes names alike that a file system may take for one because only the case of letters differs. It is simple case folding: each
// character by itself becomes the smallest of those that Unicode 15.0 folds together (CaseFolding.txt, C and S). strings.ToLower would not do:
// a browser's knows a final sigma and makes two characters of "İ". The browser's table is made of this function, so that both find the same twins.
func fold(path string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x80 {
			if 'a' <= c && c <= 'z' {
				return c - 'a' + 'A'
			}
			return c
		}
		least := c
		for other := unicode.SimpleFold(c); other != c; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, path)
}
