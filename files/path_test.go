package files

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// vectors reads a file of testdata, which TypeScript reads as well.
func vectors[T any](t *testing.T, name string) (list []T) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	must(t, err)
	must(t, json.Unmarshal(raw, &list))
	if len(list) == 0 {
		t.Fatalf("there is nothing in %s", name)
	}
	return list
}

func TestPaths(t *testing.T) {
	t.Parallel()
	seen := map[Fault]bool{}
	type vector struct {
		Path string
		Why  Fault
	}
	for _, v := range vectors[vector](t, "paths.json") {
		if got := CheckPath(v.Path); got != v.Why {
			t.Errorf("%.60q is %q, want %q", v.Path, got, v.Why)
		}
		seen[v.Why] = true
	}
	for _, f := range []Fault{
		"", FaultAbsolute, FaultDotDot, FaultDot, FaultEmptyElement, FaultBackslash, FaultDrive, FaultControl, FaultDevice, FaultTrailing, FaultTooLong, FaultTooDeep,
	} {
		if !seen[f] {
			t.Errorf("no vector has %q", f)
		}
	}
}

// offerVector is an offer's list, and what is wrong with it.
type offerVector struct {
	Name    string
	Size    json.RawMessage
	Entries json.RawMessage
	Why     string
}

func (v offerVector) raw() []byte {
	return []byte(`{"id":"0123456789abcdef","name":"some","size":` + string(v.Size) + `,"entries":` + string(v.Entries) + `}`)
}

func TestOffers(t *testing.T) {
	t.Parallel()
	for _, v := range vectors[offerVector](t, "offers.json") {
		_, err := decodeOffer(v.raw())
		switch {
		case v.Why == "":
			if err != nil {
				t.Errorf("%s: %v", v.Name, err)
			}
		case CodeOf(err) != CodeBadOffer:
			t.Errorf("%s: %v, want %s", v.Name, err, CodeBadOffer)
		case v.Why != "bad-offer" && !strings.Contains(err.Error(), "bad-path: "+v.Why+": "):
			t.Errorf("%s: %v, want %s", v.Name, err, v.Why)
		}
	}
}

// What is no offer at all, or a larger one than anybody has to take.
func TestBadOffers(t *testing.T) {
	t.Parallel()
	entry := `{"path":"a","size":0}`
	for name, raw := range map[string]string{
		"nothing":             ``,
		"no JSON":             `{"id"`,
		"a list":              `[]`,
		"an id in capitals":   `{"id":"0123456789ABCDEF","name":"a","size":0,"entries":[` + entry + `]}`,
		"a short id":          `{"id":"0123","name":"a","size":0,"entries":[` + entry + `]}`,
		"no name":             `{"id":"0123456789abcdef","name":"","size":0,"entries":[` + entry + `]}`,
		"a long name":         `{"id":"0123456789abcdef","name":"` + strings.Repeat("🏖", 513) + `","size":0,"entries":[` + entry + `]}`,
		"entries that are no": `{"id":"0123456789abcdef","name":"a","size":0,"entries":{"path":"a"}}`,
		"too many":            `{"id":"0123456789abcdef","name":"a","size":0,"entries":[` + strings.Repeat("{},", maxEntries) + `{}]}`,
		"too many, at once":   `{"id":"0123456789abcdef","name":"a","size":0,"entries":[` + strings.Repeat("{},", maxOffer/3-50) + `{}]}`,
	} {
		if _, err := decodeOffer([]byte(raw)); CodeOf(err) != CodeBadOffer {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readAll(strings.NewReader(strings.Repeat("x", 11)), 10); CodeOf(err) != CodeBadOffer {
		t.Errorf("a body that is too long: %v", err)
	}
}

// An offer of a hundred kilobytes is refused before its folders are counted to the end.
func TestFolders(t *testing.T) {
	t.Parallel()
	var list []Entry
	for i := range maxFolders/63 + 1 {
		name := fmt.Sprintf("%03d/", i)
		list = append(list, Entry{Path: strings.Repeat(name, 63) + "file"})
	}
	if path, fault := checkPaths(list); fault != FaultFolders || path != list[len(list)-1].Path {
		t.Errorf("the path %.20q has the fault %q", path, fault)
	}
	list = list[:len(list)-1] // 9,954 folders
	for i := range maxFolders - 63*len(list) {
		list = append(list, Entry{Path: fmt.Sprint("empty", i), Folder: true})
	}
	if _, fault := checkPaths(list); fault != "" {
		t.Errorf("as many folders as may be have the fault %q", fault)
	}
	if _, fault := checkPaths(append(list, Entry{Path: "one more", Folder: true})); fault != FaultFolders {
		t.Errorf("with a further one the fault is %q", fault)
	}
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	const size = 100_000
	for _, c := range []struct {
		from, to int64
		good     bool
	}{{0, size, true}, {5, 6, true}, {size - 1, size, true}, {0, size + 1, false}, {5, 5, false}, {6, 5, false}, {-1, 5, false}, {0, -1, false}} {
		if err := (question{From: c.from, To: c.to}).checkRange(size); (err == nil) != c.good {
			t.Errorf("%d to %d: %v", c.from, c.to, err)
		}
	}
	for _, c := range []struct {
		block, count int64
		good         bool
	}{
		{minBlock, 7, true}, {minBlock, 1, true}, {maxBlock, 1, true}, {minBlock, 8, false}, {minBlock, 0, false}, {minBlock, -1, false},
		{minBlock / 2, 1, false}, {maxBlock * 2, 1, false}, {minBlock + 1, 1, false}, {0, 1, false}, {-minBlock, 1, false},
	} {
		if err := (question{Block: c.block, Count: c.count}).checkBlocks(size); (err == nil) != c.good {
			t.Errorf("%d blocks of %d: %v", c.count, c.block, err)
		}
	}
	for _, raw := range []string{"", "[]", `{"id":1}`, `{"id":"0123456789abcdef","file":"0"}`, `{"file":1}`, `{"id":"../../../../etc/"}`} {
		if _, err := decodeQuestion([]byte(raw)); CodeOf(err) != CodeBadRange {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// At most 1 % of a file is in one block, but for those that have no more than one.
func TestBlocks(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]int64{
		0: minBlock, 1: minBlock, 8 << 20: minBlock, 8<<20 + 1: 32 << 10, 200 << 20: 512 << 10, 1 << 30: 2 << 20, 1 << 40: maxBlock,
	} {
		if got := blockOf(size); got != want || size > 1_700_000 && got*100 > size {
			t.Errorf("%d bytes have blocks of %d, want %d", size, got, want)
		}
	}
}
