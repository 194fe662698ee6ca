package conformance

import "testing"

func TestSuiteIsSound(t *testing.T) {
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(len(cases))
}
