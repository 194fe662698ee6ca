package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Header is the name of the header that holds the signature.
const Header = "Beckon-Signature"

// signature is the header's value: when, in seconds since 1970, and for each secret the HMAC-SHA256 of that number, a dot and the
// body, in hex. The time is in what is signed, so that an old question cannot be asked again as a new one.
func signature(secrets [][]byte, body []byte, now time.Time) string {
	at := strconv.FormatInt(now.Unix(), 10)
	var b strings.Builder
	b.WriteString("t=" + at)
	for _, secret := range secrets {
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(at + "."))
		m.Write(body)
		b.WriteString(",v1=" + hex.EncodeToString(m.Sum(nil)))
	}
	return b.String()
}
