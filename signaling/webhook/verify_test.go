package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/beckon-rtc/beckon/internal/testdocs"
)

// begin
func verify(secret []byte, header string, body []byte, now time.Time) bool {
	var at string
	var signatures [][]byte
	for field := range strings.SplitSeq(header, ",") {
		switch name, value, _ := strings.Cut(field, "="); name {
		case "t":
			at = value
		case "v1":
			if s, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, s)
			}
		}
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(at + "."))
	m.Write(body)
	want := m.Sum(nil)
	return slices.ContainsFunc(signatures, func(s []byte) bool { return hmac.Equal(s, want) })
}

// end

// trial is a question and whether who has the secret should believe it.
type trial struct {
	Name, Header, Body string
	Good               bool
}

// trials are for the secret "the secret of both" at noon.
func trials() []trial {
	secret, body := []byte("the secret of both"), []byte(`{"token":"ä"}`)
	good := signature([][]byte{secret}, body, noon)
	_, hmacs, _ := strings.Cut(good, ",")
	at := func(d time.Duration) string { return signature([][]byte{secret}, body, noon.Add(d)) }
	return []trial{
		{"good", good, string(body), true},
		{"while the secret is replaced", signature([][]byte{[]byte("another one, of the future"), secret}, body, noon), string(body), true},
		{"a field of the future", good + ",v2=ff", string(body), true},
		{"five minutes old", at(-5 * time.Minute), string(body), true},
		{"older", at(-5*time.Minute - time.Second), string(body), false},
		{"five minutes ahead", at(5 * time.Minute), string(body), true},
		{"further ahead", at(5*time.Minute + time.Second), string(body), false},
		{"another secret", signature([][]byte{[]byte("another one, of the future")}, body, noon), string(body), false},
		{"another body", good, `{"token":"b"}`, false},
		{"another time", "t=" + strconv.FormatInt(noon.Unix()+1, 10) + "," + hmacs, string(body), false},
		{"no time", hmacs, string(body), false},
		{"no signature", strings.Split(good, ",")[0], string(body), false},
		{"an empty one", strings.Split(good, ",")[0] + ",v1=", string(body), false},
		{"nonsense", "nonsense", string(body), false},
		{"nothing", "", string(body), false},
		{"half", good[:len(good)-32], string(body), false},
	}
}

func TestVerifyGo(t *testing.T) {
	t.Parallel()
	for _, c := range trials() {
		if got := verify([]byte("the secret of both"), c.Header, []byte(c.Body), noon); got != c.Good {
			t.Errorf("%s: %v", c.Name, got)
		}
	}
	source, err := os.ReadFile("verify_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(source), "\n// begin\n")
	here, _, _ := strings.Cut(rest, "\n// end\n")
	if here != testdocs.Block(t, "README.md", "go") {
		t.Errorf("the README's Go differs from that of this test; there it is\n%s", testdocs.Block(t, "README.md", "go"))
	}
}

func TestVerifyNode(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		lacking.Skip(t, "there is no node on PATH to run the README's JavaScript with: install it, on Debian with `apt-get install nodejs`")
	}
	list, err := json.Marshal(trials())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "verify.mjs")
	program := testdocs.Block(t, "README.md", "js") + `
const wrong = ` + string(list) + `.filter((c) => verify("the secret of both", c.Header, c.Body, ` +
		strconv.FormatInt(noon.Unix(), 10) + `) !== c.Good).map((c) => c.Name);
console.log(JSON.stringify(wrong));
`
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), node, file).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "[]" {
		t.Errorf("the README's JavaScript is wrong about: %s (%v)", out, err)
	}
}
