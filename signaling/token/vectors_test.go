package token

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"
)

// vectorFile is testdata/vectors.json: tokens that another implementation has signed, and what becomes of them.
type vectorFile struct {
	Now      int64           `json:"now"`
	Audience string          `json:"audience"`
	Issuer   string          `json:"issuer"`
	Keys     json.RawMessage `json:"keys"`
	Good     []struct {
		Name, Token string
		Access      struct {
			Identity, Key, ID  string
			Rooms              []string
			Allow              []Permission
			MaxPeers, Capacity int
			Ends               float64
		}
	} `json:"good"`
	Refused []struct {
		Name, Token string
		Code        Code
	} `json:"refused"`
}

func vectors(t testing.TB) (vectorFile, *Verifier) {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectorFile
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	set, err := ParseKeySet(v.Keys)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(Config{
		Audience: v.Audience, Issuers: []Issuer{{v.Issuer, set}}, Now: func() time.Time { return time.Unix(v.Now, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return v, verifier
}

// refusal fails the test unless err is an Error with this code.
func refusal(t *testing.T, err error, code Code) {
	t.Helper()
	refused, ok := errors.AsType[*Error](err)
	if !ok || refused.Code != code {
		t.Errorf("error %v, want one with the code %s", err, code)
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	file, v := vectors(t)
	if len(file.Good) < 8 || len(file.Refused) < 20 {
		t.Fatalf("%d good tokens and %d refused ones: the file is not the right one", len(file.Good), len(file.Refused))
	}
	for _, c := range file.Good {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Verify(t.Context(), c.Token)
			if err != nil {
				t.Fatal(err)
			}
			w := c.Access
			want := Access{
				Identity: w.Identity, Grant: Grant{w.Rooms, w.Allow, w.MaxPeers, w.Capacity},
				Ends: time.UnixMilli(int64(w.Ends * 1000)), Issuer: file.Issuer, Key: w.Key, ID: w.ID,
			}
			if !got.Ends.Equal(want.Ends) {
				t.Errorf("ends %v, want %v", got.Ends, want.Ends)
			}
			got.Ends = want.Ends
			same(t, got, want)
		})
	}
	for _, c := range file.Refused {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			access, err := v.Verify(t.Context(), c.Token)
			refusal(t, err, c.Code)
			same(t, access, Access{})
		})
	}
}

// same compares as JSON, where nil and empty differ.
func same(t *testing.T, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}
