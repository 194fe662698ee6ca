package token

import (
	"encoding/json"
	"errors"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// confirm is the claim `cnf` (RFC 7800) as it is written: the key that the holder of the token must have.
type confirm struct {
	JWK boundKey `json:"jwk"`
}

type boundKey struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	X     string `json:"x"`
}

func confirmOf(key string) *confirm {
	if key == "" {
		return nil
	}
	return &confirm{boundKey{"OKP", "Ed25519", key}}
}

// confirmation returns the key that `cnf` names; "" if there is no such claim. It is a restriction, so one of another kind (`kid`, `jku`,
// a key of another type) is refused, and not passed over: whoever wrote it relies on it.
func (f fields) confirmation() (string, error) {
	raw, ok := f["cnf"]
	if !ok {
		return "", nil
	}
	cnf, err := members(raw, "`cnf`")
	if err != nil {
		return "", err
	}
	if _, more := cnf.unknown("jwk"); more || len(cnf) == 0 {
		return "", errors.New("`cnf` does not name its key by `jwk` alone")
	}
	jwk, err := members(cnf["jwk"], "`jwk` in `cnf`")
	if err != nil {
		return "", err
	}
	for name, want := range map[string]string{"kty": "OKP", "crv": "Ed25519"} {
		if got, err := jwk.text(name, MaxKeyID); err != nil || got != want {
			return "", errors.New("`cnf` names a key that is not of Ed25519")
		}
	}
	if _, ok := jwk["d"]; ok {
		return "", errors.New("`cnf` holds a private key")
	}
	x, err := jwk.text("x", maxText)
	if err != nil {
		return "", err
	}
	if !protocol.ValidKey(x) {
		return "", errors.New("`cnf` names a key that is not 32 bytes in base64url without padding")
	}
	return x, nil
}

// members are those of an object within the claims, whose names have been checked with theirs.
func members(raw json.RawMessage, what string) (fields, error) {
	var f fields
	if raw[0] != '{' || json.Unmarshal(raw, &f) != nil {
		return nil, errors.New(what + " is " + kind(raw) + ", not an object")
	}
	return f, nil
}
