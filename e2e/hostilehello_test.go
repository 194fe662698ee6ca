//go:build unix

package e2e

import (
	"strings"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// spoken is an assault that is a text and nothing else. One outcome is that of all carriers.
type spoken struct {
	name, text string
	want       []string
}

// spokenTo makes assaults of texts, each said by run.
func spokenTo(run func(a *attacker, text string) string, list []spoken) []assault {
	var all []assault
	for _, s := range list {
		c := assault{name: s.name, run: func(a *attacker) string { return run(a, s.text) }}
		for w := range c.want {
			c.want[w] = s.want[min(w, len(s.want)-1)]
		}
		all = append(all, c)
	}
	return all
}

// first says the text where a hello should be.
func first(a *attacker, text string) string {
	l := a.open(text)
	_, codes := l.until(ofType(protocol.TypeWelcome))
	if len(codes) == 0 {
		return "a session"
	}
	return strings.Join(codes, ", ")
}

// goodHello is a hello that a list of others is made of.
const goodHello = `{"type":"hello","versions":["beckon.v1"],"instance":"00000000000000a1"}`

// helloWith is goodHello with more fields.
func helloWith(more string) string { return strings.TrimSuffix(goodHello, "}") + "," + more + "}" }

// helloBut is goodHello with something else in the place of a part.
func helloBut(part, other string) string { return strings.Replace(goodHello, part, other, 1) }

func nested(open, end string, depth int) string {
	return strings.Repeat(open, depth) + "1" + strings.Repeat(end, depth)
}

// hostileHellos are first frames.
func hostileHellos() assaults {
	says := func(codes ...string) []string { return codes }
	refused := says("bad-frame, 4500 hello-expected")
	unknown := says("unknown-type, 4500 hello-expected")
	welcome := says("a session")
	return assaults{title: "The first frame", list: spokenTo(first, []spoken{
		{"nothing", "", refused},
		{"white space", " \t ", refused},
		{"not JSON", "GET / HTTP/1.1", refused},
		{"null", "null", refused},
		{"a number", "42", refused},
		{"a string", `"hello"`, refused},
		{"an array", "[]", refused},
		{"a hello in an array", "[" + goodHello + "]", refused},
		{"a hello in a string", text(goodHello), refused},
		{"an empty object", "{}", refused},
		{"an opening brace", "{", refused},
		{"a hello, cut in half", goodHello[:len(goodHello)/2], refused},
		{"a hello without its last brace", goodHello[:len(goodHello)-1], refused},
		{"a hello and a brace", goodHello + "}", refused},
		{"two hellos in one frame", goodHello + goodHello, refused},
		{"two hellos in two lines", goodHello + "\n" + goodHello, says("bad-frame, 4500 hello-expected", "HTTP 400 bad-request")},
		{"a comma too many", helloBut("}", ",}"), refused},
		{"a comment", helloBut("{", "{/* hi */"), refused},
		{"single quotes", strings.ReplaceAll(goodHello, `"`, `'`), refused},
		{"a byte order mark before it", "\ufeff" + goodHello, refused},
		{"UTF-16", "\xff\xfe{\x00}\x00", refused},
		{"a byte that is not UTF-8", helloWith("\"x\":\"\xff\""), refused},
		{"an overlong UTF-8 quote", helloWith("\"x\":\"\xc0\xa2\""), refused},
		{"a surrogate in UTF-8", helloWith("\"x\":\"\xed\xa0\x80\""), refused},
		{"a zero byte in a string", helloWith("\"x\":\"\x00\""), refused},
		{"an escape that is none", helloWith(`"x":"\q"`), refused},
		{"half a surrogate pair, escaped, in a field that is ignored", helloWith(`"x":"\ud800"`), welcome},
		{"NaN", helloWith(`"x":NaN`), refused},
		{"a number with a leading zero", helloWith(`"x":01`), refused},
		{"a number of 10,000 digits in a field that is ignored", helloWith(`"x":` + strings.Repeat("9", 10_000)), welcome},
		{"no type", helloBut(`"type":"hello",`, ""), refused},
		{"type a number", helloBut(`"hello"`, "1"), refused},
		{"type null", helloBut(`"hello"`, "null"), refused},
		{"type an object", helloBut(`"hello"`, `{"hello":1}`), refused},
		{"type escaped", helloBut(`"hello"`, `"\u0068ello"`), refused},
		{"type in capitals", helloBut(`"hello"`, `"HELLO"`), unknown},
		{"the field Type", helloBut(`"type"`, `"Type"`), refused},
		{"the field type, escaped", helloBut(`"type"`, `"t\u0079pe"`), refused},
		{"type of 65 bytes", helloBut(`"hello"`, `"`+strings.Repeat("h", 65)+`"`), refused},
		{"an unknown type", `{"type":"HELO"}`, unknown},
		{"type twice", helloWith(`"type":"bye"`), refused},
		{"instance twice", helloWith(`"instance":"00000000000000a2"`), refused},
		{"token twice", helloWith(`"token":"a","token":"b"`), refused},
		{"resume twice, once in capitals", helloWith(`"resume":"a","RESUME":"b"`), refused},
		{"a field that is ignored, twice", helloWith(`"x":1,"x":2`), welcome},
		{"__proto__", helloWith(`"__proto__":{"token":"a"}`), welcome},
		{"a join", `{"type":"join","room":"tea"}`, says("4500 hello-expected")},
		{"a ping", `{"type":"ping"}`, says("4500 hello-expected")},
		{"a bye", `{"type":"bye"}`, says("4500 hello-expected")},
		{"a welcome", `{"type":"welcome","peer":"x","version":"beckon.v1"}`, says("4500 hello-expected")},
		{"a signal", `{"type":"signal","room":"tea","to":"x","toInstance":"00000000000000a1","n":1,"data":1}`, says("4500 hello-expected")},
		{"an opened, which is no frame", `{"type":"opened","carrier":"x"}`, unknown},
		{"no versions", helloBut(`"versions":["beckon.v1"],`, ""), refused},
		{"versions empty", helloBut(`["beckon.v1"]`, "[]"), refused},
		{"versions a string", helloBut(`["beckon.v1"]`, `"beckon.v1"`), refused},
		{"versions null", helloBut(`["beckon.v1"]`, "null"), refused},
		{"a version that is a number", helloBut(`["beckon.v1"]`, "[1]"), refused},
		{"another version", helloBut("beckon.v1", "beckon.v2"), says("4503 unsupported-version")},
		{"5,000 versions, none of them ours", helloBut(`"beckon.v1"`, `"v0"`+strings.Repeat(`,"v0"`, 4999)), says("4503 unsupported-version")},
		{"no instance", helloBut(`,"instance":"00000000000000a1"`, ""), refused},
		{"an instance of 15 digits", helloBut("00000000000000a1", "0000000000000a1"), refused},
		{"an instance of 17 digits", helloBut("00000000000000a1", "000000000000000a1"), refused},
		{"an instance in capitals", helloBut("00000000000000a1", "00000000000000A1"), refused},
		{"an instance that is a number", helloBut(`"00000000000000a1"`, "161"), refused},
		{"an instance that is null", helloBut(`"00000000000000a1"`, "null"), refused},
		{"an instance of other digits", helloBut("00000000000000a1", "٠٠٠٠٠٠٠٠"), refused},
		{"a token that is a number", helloWith(`"token":1`), refused},
		{"a token that is an object", helloWith(`"token":{"alg":"none"}`), refused},
		{"a resume token that is an array", helloWith(`"resume":["a"]`), refused},
		{"capabilities that are an array", helloWith(`"capabilities":["rollback"]`), refused},
		{"a capability that is a string", helloWith(`"capabilities":{"rollback":"yes"}`), refused},
		{"17 capabilities", helloWith(`"capabilities":{` + numbered(17) + `}`), refused},
		{"a capability's name of 65 bytes", helloWith(`"capabilities":{"` + strings.Repeat("c", 65) + `":true}`), refused},
		{"id -1", helloWith(`"id":-1`), refused},
		{"id 2^53", helloWith(`"id":9007199254740992`), refused},
		{"id 1e3", helloWith(`"id":1e3`), refused},
		{"id a string", helloWith(`"id":"1"`), refused},
		{"64 levels", helloWith(`"x":` + nested(`{"x":`, "}", 63)), welcome},
		{"65 levels", helloWith(`"x":` + nested(`{"x":`, "}", 64)), refused},
		{"30,000 levels of arrays", helloWith(`"x":` + nested("[", "]", 30_000)), refused},
		{"30,000 levels that do not end", helloWith(`"x":` + strings.Repeat("[", 30_000)), refused},
		{"65,536 bytes", padded(goodHello, 65_536), welcome},
		{"65,537 bytes", padded(goodHello, 65_537), says("4501 frame-too-large")},
		{"1 MiB", padded(goodHello, 1<<20), says("4501 frame-too-large", "HTTP 413 body-too-large")},
	})}
}

// numbered are n members of an object.
func numbered(n int) string {
	var all []string
	for i := range n {
		all = append(all, text("c"+strings.Repeat("x", i))+":true")
	}
	return strings.Join(all, ",")
}

// padded is the object with a field that makes it so many bytes long.
func padded(object string, size int) string {
	object = strings.TrimSuffix(object, "}") + `,"x":"`
	return object + strings.Repeat("x", size-len(object)-len(`"}`)) + `"}`
}
