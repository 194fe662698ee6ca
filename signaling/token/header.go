package token

import (
	"encoding/base64"
	"strings"
)

// MaxToken is the longest token in bytes: 64 rooms with names of 64 bytes fit.
const MaxToken = 8 << 10

// header is what this package wants to know of a JOSE header (RFC 7515, section 4). What else is there, `jwk`, `jku`, `x5u` and
// `x5c` above all, would let a token bring its own key: it is not looked at.
type header struct {
	alg, kid string
}

// parts are the three parts of a compact JWS, decoded.
type parts struct {
	header, payload, signature []byte
}

// split takes a token apart. Each part has one spelling, base64url without padding, line feeds or stray bits (RFC 4648, section
// 3.5): two decoders that are lenient in different ways could read two different tokens.
func split(token string) (parts, error) {
	if len(token) > MaxToken {
		return parts{}, errorf(TooLarge, "the token has %d bytes, and at most %d are read", len(token), MaxToken)
	}
	head, rest, _ := strings.Cut(token, ".")
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(signature, ".") {
		return parts{}, errorf(Malformed, "the token has %d dots and not 2, so it is no signed JWT in compact form", strings.Count(token, "."))
	}
	var p parts
	for _, part := range []struct {
		name, text string
		to         *[]byte
	}{{"header", head, &p.header}, {"payload", payload, &p.payload}, {"signature", signature, &p.signature}} {
		data, err := base64.RawURLEncoding.Strict().DecodeString(part.text)
		// encoding/base64 reads over line feeds.
		if err != nil || strings.ContainsAny(part.text, "\r\n") {
			return parts{}, errorf(Malformed, "the token's %s is not base64url without padding", part.name)
		}
		*part.to = data
	}
	return p, nil
}

// parseHeader reads a header before anything is known about who wrote it.
func parseHeader(data []byte) (header, error) {
	f, err := parseFields(data)
	if err != nil {
		return header{}, errorf(Malformed, "the token's header %v", err)
	}
	if _, ok := f["crit"]; ok {
		// RFC 7515, section 4.1.11: what is critical and not understood must be refused, and nothing is understood.
		return header{}, errorf(Malformed, "the token's header has `crit`, and no extension is understood here")
	}
	if _, ok := f["b64"]; ok {
		return header{}, errorf(Malformed, "the token's header has `b64`, which no JWT may have (RFC 7797, section 7)")
	}
	var h header
	if h.alg, err = f.text("alg", MaxKeyID); err != nil {
		return header{}, errorf(Malformed, "the token's header: %v", err)
	}
	if h.kid, err = f.text("kid", MaxKeyID); err != nil {
		return header{}, errorf(Malformed, "the token's header: %v", err)
	}
	if h.alg == "" {
		return header{}, errorf(Malformed, "the token's header has no `alg`")
	}
	if h.kid == "" {
		return header{}, errorf(UnknownKey, "the token's header has no `kid`, so it is not known which key has signed it")
	}
	if _, ok := f["cty"]; ok {
		return header{}, errorf(Malformed, "the token's header has `cty`: its payload should be claims, and not another token")
	}
	return h, checkType(f)
}

// checkType refuses what says that it is something else: a logout token, a DPoP proof (RFC 8725, section 3.11). Access tokens of
// identity providers are welcome.
func checkType(f fields) error {
	typ, err := f.text("typ", MaxKeyID)
	if err != nil {
		return errorf(Malformed, "the token's header: %v", err)
	}
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "", "jwt", "at+jwt":
		return nil
	}
	return errorf(Malformed, "the token's `typ` is %s: a join token is a JWT", quoted(typ))
}
