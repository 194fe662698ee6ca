package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	stdcrypto "crypto"
)

// Tokens that somebody made to get in. Each is refused with its code, and no refusal repeats it.
func TestHostile(t *testing.T) {
	t.Parallel()
	ed, ec, hs := newKey(t, EdDSA, "ed"), newKey(t, ES256, "ec"), newKey(t, HS256, "hs")
	stranger := newKey(t, EdDSA, "stranger")
	v := verifier(t, newSet(t, ed, ec, hs))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	byRSA := func(input []byte) []byte {
		sum := sha256.Sum256(input)
		s, err := rsa.SignPKCS1v15(rand.Reader, rsaKey, stdcrypto.SHA256, sum[:])
		if err != nil {
			t.Error(err)
		}
		return s
	}
	edPublic, _ := ed.verify.(ed25519.PublicKey)
	ecPublic, _ := ec.verify.(*ecdsa.PublicKey)
	point, err := ecPublic.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	spki := func(key any) []byte {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	asPEM := func(key any) []byte { return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki(key)}) }
	nothing := func([]byte) []byte { return nil }
	good := signed(t, ed, plain())
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	const (
		edHead = `{"alg":"EdDSA","kid":"ed"}`
		ecHead = `{"alg":"ES256","kid":"ec"}`
	)
	// The stranger's own key, for headers that bring one.
	strangers := strings.TrimSpace(string(newSet(t, stranger).Public()))
	_, strangers, _ = strings.Cut(strangers, "[")
	strangers = strings.TrimSuffix(strings.TrimSpace(strangers), "]\n}")

	for _, c := range []struct {
		name, token string
		code        Code
	}{
		// The algorithm.
		{"alg none", forge(`{"alg":"none","kid":"ed"}`, payload(""), nothing), Algorithm},
		{"alg None", forge(`{"alg":"None","kid":"ed"}`, payload(""), nothing), Algorithm},
		{"alg none, signed", forge(`{"alg":"none","kid":"ed"}`, payload(""), by(ed)), Algorithm},
		{"alg none for a symmetric key", forge(`{"alg":"none","kid":"hs"}`, payload(""), nothing), Algorithm},
		{"right alg, no signature", forge(edHead, payload(""), nothing), Signature},
		{"HS256 by the bytes of the EdDSA key", forge(`{"alg":"HS256","kid":"ed"}`, payload(""), hmacOf(edPublic)), Algorithm},
		{"HS256 by the DER of the EdDSA key", forge(`{"alg":"HS256","kid":"ed"}`, payload(""), hmacOf(spki(edPublic))), Algorithm},
		{"HS256 by the PEM of the EdDSA key", forge(`{"alg":"HS256","kid":"ed"}`, payload(""), hmacOf(asPEM(edPublic))), Algorithm},
		{"HS256 by the point of the EC key", forge(`{"alg":"HS256","kid":"ec"}`, payload(""), hmacOf(point)), Algorithm},
		{"HS256 by the PEM of the EC key", forge(`{"alg":"HS256","kid":"ec"}`, payload(""), hmacOf(asPEM(ecPublic))), Algorithm},
		{"HMAC that says EdDSA", forge(edHead, payload(""), hmacOf(edPublic)), Signature},
		{"HMAC that says ES256", forge(ecHead, payload(""), hmacOf(point)), Signature},
		{"HMAC by nothing", forge(`{"alg":"HS256","kid":"hs"}`, payload(""), hmacOf(nil)), Signature},
		{"RS256", forge(`{"alg":"RS256","kid":"ed"}`, payload(""), byRSA), Algorithm},
		{"RS256 of its own key", forge(`{"alg":"RS256","kid":"rsa"}`, payload(""), byRSA), UnknownKey},
		{"PS256", forge(`{"alg":"PS256","kid":"hs"}`, payload(""), byRSA), Algorithm},
		{"HS512", forge(`{"alg":"HS512","kid":"hs"}`, payload(""), by(hs)), Algorithm},
		{"ES384", forge(`{"alg":"ES384","kid":"ec"}`, payload(""), by(ec)), Algorithm},
		{"Ed25519 for EdDSA", forge(`{"alg":"Ed25519","kid":"ed"}`, payload(""), by(ed)), Algorithm},
		{"alg in other letters", forge(`{"alg":"eddsa","kid":"ed"}`, payload(""), by(ed)), Algorithm},
		{"no alg", forge(`{"kid":"ed"}`, payload(""), by(ed)), Malformed},
		{"alg null", forge(`{"alg":null,"kid":"ed"}`, payload(""), by(ed)), Malformed},
		{"alg an array", forge(`{"alg":["EdDSA"],"kid":"ed"}`, payload(""), by(ed)), Malformed},

		// The key.
		{"no kid", forge(`{"alg":"EdDSA"}`, payload(""), by(ed)), UnknownKey},
		{"empty kid", forge(`{"alg":"EdDSA","kid":""}`, payload(""), by(ed)), Malformed},
		{"kid a number", forge(`{"alg":"EdDSA","kid":1}`, payload(""), by(ed)), Malformed},
		{"unknown kid", forge(`{"alg":"EdDSA","kid":"x"}`, payload(""), by(stranger)), UnknownKey},
		{"kid as a path", forge(`{"alg":"HS256","kid":"../../dev/null"}`, payload(""), hmacOf(nil)), UnknownKey},
		{"kid as SQL", forge(`{"alg":"HS256","kid":"x' UNION SELECT 'y"}`, payload(""), hmacOf([]byte("y"))), UnknownKey},
		{"kid in other letters", forge(`{"alg":"EdDSA","kid":"ED"}`, payload(""), by(ed)), UnknownKey},
		{"kid too long", forge(`{"alg":"EdDSA","kid":"`+strings.Repeat("k", 129)+`"}`, payload(""), by(ed)), Malformed},
		{"kid with a line feed", forge(`{"alg":"EdDSA","kid":"ed\n"}`, payload(""), by(ed)), Malformed},
		{"kid of another alg", forge(`{"alg":"EdDSA","kid":"ec"}`, payload(""), by(ed)), Algorithm},
		{"another's kid", forge(ecHead, payload(""), by(ed)), Signature},
		{"a stranger's signature", forge(edHead, payload(""), by(stranger)), Signature},
		{"jwk in the header", forge(`{"alg":"EdDSA","kid":"ed","jwk":`+strangers+`}`, payload(""), by(stranger)), Signature},
		{"jwk without kid", forge(`{"alg":"EdDSA","jwk":`+strangers+`}`, payload(""), by(stranger)), UnknownKey},
		{"jku in the header", forge(`{"alg":"EdDSA","kid":"stranger","jku":"https://stranger.example/keys"}`, payload(""), by(stranger)), UnknownKey},
		{"x5u in the header", forge(`{"alg":"EdDSA","kid":"ed","x5u":"https://stranger.example/cert"}`, payload(""), by(stranger)), Signature},

		// The header.
		{"crit", forge(`{"alg":"EdDSA","kid":"ed","crit":["exp"],"exp":1}`, payload(""), by(ed)), Malformed},
		{"crit empty", forge(`{"alg":"EdDSA","kid":"ed","crit":[]}`, payload(""), by(ed)), Malformed},
		{"crit null", forge(`{"alg":"EdDSA","kid":"ed","crit":null}`, payload(""), by(ed)), Malformed},
		{"b64", forge(`{"alg":"EdDSA","kid":"ed","b64":false,"crit":["b64"]}`, payload(""), by(ed)), Malformed},
		{"b64 without crit", forge(`{"alg":"EdDSA","kid":"ed","b64":false}`, payload(""), by(ed)), Malformed},
		{"a token in a token", forge(`{"alg":"EdDSA","kid":"ed","cty":"JWT"}`, good, by(ed)), Malformed},
		{"a logout token", forge(`{"alg":"EdDSA","kid":"ed","typ":"logout+jwt"}`, payload(""), by(ed)), Malformed},
		{"alg twice", forge(`{"alg":"none","alg":"EdDSA","kid":"ed"}`, payload(""), by(ed)), Malformed},
		{"kid twice, once escaped", forge(`{"alg":"EdDSA","kid":"x","\u006bid":"ed"}`, payload(""), by(ed)), Malformed},
		{"header an array", forge(`[{"alg":"EdDSA","kid":"ed"}]`, payload(""), by(ed)), Malformed},
		{"header no JSON", forge(`alg=EdDSA`, payload(""), by(ed)), Malformed},
		{"header with more behind it", forge(edHead+`{}`, payload(""), by(ed)), Malformed},
		{"header empty", forge(``, payload(""), by(ed)), Malformed},
		{"deep header", forge(`{"alg":"EdDSA","kid":"ed","x":`+deep(17)+`}`, payload(""), by(ed)), Malformed},
		{"header not UTF-8", forge("{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"x\":\"\xff\"}", payload(""), by(ed)), Malformed},

		// The form.
		{"nothing", "", Malformed},
		{"a password", "correct horse battery staple", Malformed},
		{"one dot", head + "." + body, Malformed},
		{"four dots, as encrypted ones have", good + "..", Malformed},
		{"dots alone", strings.Repeat(".", MaxToken), Malformed},
		{"JSON serialization", fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, head, body, signature), Malformed},
		{"oversized", good + strings.Repeat("A", MaxToken), TooLarge},
		{"padding", good + "=", Malformed},
		{"a line feed", head + ".\n" + body + "." + signature, Malformed},
		{"a space before it", " " + good, Malformed},
		{"base64 instead of base64url", head + "." + body + "." + strings.Repeat("+", 86), Malformed},
		{"stray bits", good[:len(good)-1] + stray(good[len(good)-1]), Malformed},
		{"a bit of the signature", flip(good), Signature},
		{"signature cut", forge(edHead, payload(""), func(input []byte) []byte { return by(ed)(input)[:60] }), Signature},
		{"signature longer", good + "AAAA", Signature},
		{"ES256 as DER", forge(ecHead, payload(""), func(input []byte) []byte {
			private, _ := ec.sign.(*ecdsa.PrivateKey)
			sum := sha256.Sum256(input)
			s, err := ecdsa.SignASN1(rand.Reader, private, sum[:])
			if err != nil {
				t.Error(err)
			}
			return s
		}), Signature},
		{"ES256 of zeros", forge(ecHead, payload(""), func([]byte) []byte { return make([]byte, 64) }), Signature},
		{"ES256 of the order", forge(ecHead, payload(""), func([]byte) []byte {
			n := elliptic.P256().Params().N.Bytes()
			return append(bytes.Clone(n), n...)
		}), Signature},

		// The claims, well signed: the backend's mistakes, or a library's.
		{"exp twice", forge(edHead, payload(`,"exp":9999999999`), by(ed)), BadClaims},
		{"exp twice, once escaped", forge(edHead, payload(`,"\u0065xp":9999999999`), by(ed)), BadClaims},
		{"twice in the grant", forge(edHead, payload(`,"x":{"rooms":["a"],"rooms":["*"]}`), by(ed)), BadClaims},
		{"twice, each half a pair", forge(edHead, payload(`,"\ud800":1,"\udbff":2`), by(ed)), BadClaims},
		{"deep claims", forge(edHead, payload(`,"x":`+deep(16)), by(ed)), BadClaims},
		{"deeper than a parser's stack", forge(edHead, payload(`,"x":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)), by(ed)), BadClaims},
		{"exp 1e400", forge(edHead, strings.Replace(payload(""), `"exp":`, `"exp":1e400,"y":`, 1), by(ed)), BadClaims},
		{"exp negative", forge(edHead, strings.Replace(payload(""), `"exp":`, `"exp":-1,"y":`, 1), by(ed)), BadClaims},
		{"exp null", forge(edHead, strings.Replace(payload(""), `"exp":`, `"exp":null,"y":`, 1), by(ed)), BadClaims},
		{"exp in the year 9999", forge(edHead, strings.Replace(payload(""), `"exp":`, `"exp":253402300799,"y":`, 1), by(ed)), TooLong},
		{"exp 0", forge(edHead, strings.Replace(payload(""), `"exp":`, `"exp":0,"y":`, 1), by(ed)), Expired},
		{"EXP", forge(edHead, strings.Replace(payload(""), `"exp":`, `"EXP":`, 1), by(ed)), BadClaims},
		{"iat twenty years before exp", forge(edHead, strings.Replace(payload(""), `"iat":`, `"iat":1136116800,"y":`, 1), by(ed)), TooLong},
		{"sub empty", forge(edHead, strings.Replace(payload(""), `"ada"`, `""`, 1), by(ed)), BadClaims},
		{"sub null", forge(edHead, strings.Replace(payload(""), `"ada"`, `null`, 1), by(ed)), BadClaims},
		{"sub an object", forge(edHead, strings.Replace(payload(""), `"ada"`, `{"id":"ada"}`, 1), by(ed)), BadClaims},
		{"sub with half a pair", forge(edHead, strings.Replace(payload(""), `"ada"`, `"ada\ud800"`, 1), by(ed)), BadClaims},
		{"sub with a line feed", forge(edHead, strings.Replace(payload(""), `"ada"`, `"ada\nadmin"`, 1), by(ed)), BadClaims},
		{"sub that reads backwards", forge(edHead, strings.Replace(payload(""), `"ada"`, `"\u202eada"`, 1), by(ed)), BadClaims},
		{"sub too long", forge(edHead, strings.Replace(payload(""), `"ada"`, `"`+strings.Repeat("a", 257)+`"`, 1), by(ed)), BadClaims},
		{"aud empty", forge(edHead, strings.Replace(payload(""), `"here"`, `[]`, 1), by(ed)), BadClaims},
		{"aud of many", forge(edHead, strings.Replace(payload(""), `"here"`, `["here"`+strings.Repeat(`,"x"`, 16)+`]`, 1), by(ed)), BadClaims},
		{"aud in other letters", forge(edHead, strings.Replace(payload(""), `"here"`, `"HERE"`, 1), by(ed)), WrongTarget},
		{"aud that begins so", forge(edHead, strings.Replace(payload(""), `"here"`, `"here.example.org"`, 1), by(ed)), WrongTarget},
		{"claims an array", forge(edHead, "["+payload("")+"]", by(ed)), BadClaims},
		{"claims empty", forge(edHead, "", by(ed)), BadClaims},
		{"claims compressed", forge(edHead, "\x1f\x8b\x08", by(ed)), BadClaims},

		// The key that it is bound to: what is not understood is no bound, so it is refused.
		{"cnf null", forge(edHead, payload(`,"cnf":null`), by(ed)), BadClaims},
		{"cnf empty", forge(edHead, payload(`,"cnf":{}`), by(ed)), BadClaims},
		{"cnf a string", forge(edHead, payload(`,"cnf":"`+boundTo+`"`), by(ed)), BadClaims},
		{"cnf with jkt", forge(edHead, payload(`,"cnf":{"jkt":"`+boundTo+`"}`), by(ed)), BadClaims},
		{"cnf with jwk and kid", forge(edHead, payload(`,"cnf":{"kid":"a","jwk":{"kty":"OKP","crv":"Ed25519","x":"`+boundTo+`"}}`), by(ed)), BadClaims},
		{"cnf of X25519", forge(edHead, payload(`,"cnf":{"jwk":{"kty":"OKP","crv":"X25519","x":"`+boundTo+`"}}`), by(ed)), BadClaims},
		{"cnf of P-256", forge(edHead, payload(`,"cnf":{"jwk":{"kty":"EC","crv":"P-256","x":"`+boundTo+`","y":"`+boundTo+`"}}`), by(ed)), BadClaims},
		{"cnf without x", forge(edHead, payload(`,"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519"}}`), by(ed)), BadClaims},
		{"cnf of 31 bytes", forge(edHead, payload(`,"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"`+boundTo[:42]+`"}}`), by(ed)), BadClaims},
		{"cnf with stray bits", forge(edHead, payload(`,"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"`+boundTo[:42]+`B"}}`), by(ed)), BadClaims},
		{"cnf with a name of no letters", forge(edHead, payload(`,"cnf":{"":1}`), by(ed)), BadClaims},
		{"cnf with jwk and a name of no letters", forge(edHead, payload(`,"cnf":{"":1,"jwk":{"kty":"OKP","crv":"Ed25519","x":"`+boundTo+`"}}`), by(ed)), BadClaims},
		{"cnf with a private key", forge(edHead, payload(`,"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"`+boundTo+`","d":"`+boundTo+`"}}`), by(ed)), BadClaims},
		{"cnf in other letters", forge(edHead, payload(`,"cnf":{"JWK":{"kty":"OKP","crv":"Ed25519","x":"`+boundTo+`"}}`), by(ed)), BadClaims},

		// The grant.
		{"grant a string", forge(edHead, grantOf(`"*"`), by(ed)), BadGrant},
		{"grant null", forge(edHead, grantOf(`null`), by(ed)), BadGrant},
		{"grant in other letters", forge(edHead, strings.Replace(payload(""), `"beckon"`, `"Beckon"`, 1), by(ed)), BadGrant},
		{"no rooms", forge(edHead, grantOf(`{}`), by(ed)), BadGrant},
		{"rooms empty", forge(edHead, grantOf(`{"rooms":[]}`), by(ed)), BadGrant},
		{"rooms a string", forge(edHead, grantOf(`{"rooms":"*"}`), by(ed)), BadGrant},
		{"rooms null", forge(edHead, grantOf(`{"rooms":null}`), by(ed)), BadGrant},
		{"Rooms", forge(edHead, grantOf(`{"rooms":["tea"],"Rooms":["*"]}`), by(ed)), BadGrant},
		{"a field with a name of no letters", forge(edHead, grantOf(`{"rooms":["tea"],"":["*"]}`), by(ed)), BadGrant},
		{"a room with two stars", forge(edHead, grantOf(`{"rooms":["a**"]}`), by(ed)), BadGrant},
		{"a room with a slash", forge(edHead, grantOf(`{"rooms":["a/b"]}`), by(ed)), BadGrant},
		{"a room too long", forge(edHead, grantOf(`{"rooms":["`+strings.Repeat("a", 65)+`"]}`), by(ed)), BadGrant},
		{"65 rooms", forge(edHead, grantOf(`{"rooms":["a"`+strings.Repeat(`,"a"`, 64)+`]}`), by(ed)), BadGrant},
		{"unknown permission", forge(edHead, grantOf(`{"rooms":["tea"],"allow":["root"]}`), by(ed)), BadGrant},
		{"permission in other letters", forge(edHead, grantOf(`{"rooms":["tea"],"allow":["Admin"]}`), by(ed)), BadGrant},
		{"permission star", forge(edHead, grantOf(`{"rooms":["tea"],"allow":["*"]}`), by(ed)), BadGrant},
		{"permission twice", forge(edHead, grantOf(`{"rooms":["tea"],"allow":["signal","signal"]}`), by(ed)), BadGrant},
		{"permissions as an object", forge(edHead, grantOf(`{"rooms":["tea"],"allow":{"admin":true}}`), by(ed)), BadGrant},
		{"allow null", forge(edHead, grantOf(`{"rooms":["tea"],"allow":null}`), by(ed)), BadGrant},
		{"maxPeers 0", forge(edHead, grantOf(`{"rooms":["tea"],"maxPeers":0}`), by(ed)), BadGrant},
		{"maxPeers -1", forge(edHead, grantOf(`{"rooms":["tea"],"maxPeers":-1}`), by(ed)), BadGrant},
		{"maxPeers 1.5", forge(edHead, grantOf(`{"rooms":["tea"],"maxPeers":1.5}`), by(ed)), BadGrant},
		{"maxPeers 2^64+1", forge(edHead, grantOf(`{"rooms":["tea"],"maxPeers":18446744073709551617}`), by(ed)), BadGrant},
		{"capacity a string", forge(edHead, grantOf(`{"rooms":["tea"],"capacity":"8"}`), by(ed)), BadGrant},
		{"unknown restriction", forge(edHead, grantOf(`{"rooms":["tea"],"readOnly":true}`), by(ed)), BadGrant},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			access, err := v.Verify(t.Context(), c.token)
			refusal(t, err, c.code)
			same(t, access, Access{})
			if err != nil {
				tellsNothing(t, err.Error(), c.token)
			}
			_, _ = Inspect(c.token) // never panics
		})
	}
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Errorf("the token that the others were made of is refused, too: %v", err)
	}
}

// grantOf are good claims with another grant.
func grantOf(grant string) string {
	return strings.Replace(payload(""), `{"rooms":["tea"]}`, grant, 1)
}

// stray is the base64url character that differs in bits beyond the last byte.
func stray(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)|1])
}

// flip changes a bit in the middle of the signature.
func flip(token string) string {
	i := len(token) - 40
	c := byte('A')
	if token[i] == c {
		c = 'B'
	}
	return token[:i] + string(c) + token[i+1:]
}

// tellsNothing fails if a sentence, which goes to a log, repeats a part of the token, is no single line, or is very long.
func tellsNothing(t *testing.T, sentence, token string) {
	t.Helper()
	for _, part := range append(strings.Split(token, "."), token) {
		if len(part) >= 16 && strings.Contains(sentence, part[:16]) {
			t.Errorf("%q repeats the token", sentence)
		}
	}
	if len(sentence) > 300 || strings.ContainsAny(sentence, "\r\n") {
		t.Errorf("%q is no line of a log", sentence)
	}
}

// Headers that bring a key or say where one is are not looked at, also where the rest is good.
func TestForeignKeysAreIgnored(t *testing.T) {
	t.Parallel()
	ed := newKey(t, EdDSA, "ed")
	v := verifier(t, newSet(t, ed))
	other := strings.TrimSpace(string(newSet(t, newKey(t, EdDSA, "other")).Public()))
	_, other, _ = strings.Cut(other, "[")
	other = strings.TrimSuffix(strings.TrimSpace(other), "]\n}")
	for _, extra := range []string{
		`"jwk":` + other, `"jku":"https://stranger.example/keys"`, `"x5u":"https://stranger.example/cert"`, `"x5t":"AAAA"`,
		`"typ":"JWT"`, `"typ":"at+jwt"`, `"typ":"application/jwt"`, `"nonce":"1"`, `"ver":{"a":[1]}`,
	} {
		token := forge(`{"alg":"EdDSA","kid":"ed",`+extra+`}`, payload(""), by(ed))
		if access, err := v.Verify(t.Context(), token); err != nil || access.Identity != "ada" {
			t.Errorf("with %s: %+v, %v", extra, access, err)
		}
	}
}

// The times at their very edges.
func TestTimes(t *testing.T) {
	t.Parallel()
	const leeway, day = DefaultLeeway, 24 * time.Hour
	for _, c := range []struct {
		name          string
		iat, nbf, exp time.Duration // from noon; 0 is absent, but for exp
		rules         Rules
		code          Code // "" if it is good
	}{
		{"plain", 0, 0, time.Hour, Rules{}, ""},
		{"just not expired", 0, 0, -leeway + 1e9, Rules{}, ""},
		{"just expired", 0, 0, -leeway, Rules{}, Expired},
		{"no leeway, just not expired", 0, 0, 1e9, Rules{Leeway: -1}, ""},
		{"no leeway, just expired", 0, 0, 0, Rules{Leeway: -1}, Expired},
		{"own leeway", 0, 0, -time.Minute + 1e9, Rules{Leeway: time.Minute}, ""},
		{"nbf just reached", 0, leeway, time.Hour, Rules{}, ""},
		{"nbf just not", 0, leeway + 1e9, time.Hour, Rules{}, NotYet},
		{"iat just allowed", leeway, 0, time.Hour, Rules{}, ""},
		{"iat ahead", leeway + 1e9, 0, time.Hour, Rules{}, NotYet},
		{"a day from iat", -time.Hour, 0, day - time.Hour, Rules{}, ""},
		{"more than a day from iat", -time.Hour, 0, day - time.Hour + 1e9, Rules{}, TooLong},
		{"a day from now, no iat", 0, 0, day + leeway, Rules{}, ""},
		{"more than a day from now, no iat", 0, 0, day + leeway + 1e9, Rules{}, TooLong},
		{"own life", -1e9, 0, 10*time.Minute - 1e9, Rules{MaxLife: 10 * time.Minute}, ""},
		{"more than one's own life", -1e9, 0, 10 * time.Minute, Rules{MaxLife: 10 * time.Minute}, TooLong},
	} {
		claims := Claims{Identity: "ada", Expires: noon.Add(c.exp)}
		if c.iat != 0 {
			claims.IssuedAt = noon.Add(c.iat)
		}
		if c.nbf != 0 {
			claims.NotBefore = noon.Add(c.nbf)
		}
		access, err := c.rules.Access(claims, noon)
		switch {
		case c.code != "":
			refusal(t, err, c.code)
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case !access.Ends.Equal(claims.Expires.Add(c.rules.leeway())) || !access.Ends.After(noon):
			t.Errorf("%s: ends at %v", c.name, access.Ends)
		}
	}
}
