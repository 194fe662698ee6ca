package peer

import (
	"errors"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// FuzzAnswerHead feeds what another peer may say first for an answer: it is one, it is the application's no, or it is refused.
func FuzzAnswerHead(f *testing.F) {
	for _, head := range []answerHead{{OK: true}, {Error: &answerFailure{"not-found", "é"}}} {
		f.Add(head.encode(), true)
	}
	f.Add([]byte(`{"ok":true,"error":null}`), false)
	f.Fuzz(func(t *testing.T, said []byte, text bool) {
		err := readAnswer(said, text)
		if failed, ok := errors.AsType[*RequestError](err); ok {
			if checkRequestCode(failed.Code) != nil {
				t.Fatalf("took %q for a code", failed.Code)
			}
		} else if err != nil && Code(err) != protocol.CodeBadFrame {
			t.Fatalf("refused %q with %v", said, err)
		}
		if err == nil && !text {
			t.Fatalf("took bytes %q for a head", said)
		}
	})
}
