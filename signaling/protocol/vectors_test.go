package protocol

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// frameVectors is testdata/frames.json, which the TypeScript SDK runs too.
type frameVectors struct {
	// Good frames decode, and encode again to the same bytes.
	Good []struct{ Name, Direction, Type, Frame string }
	// Malformed frames are refused by Parse. Those marked Server hold what JSON.parse cannot see: only Go runs them.
	Malformed []struct {
		Name, Frame string
		Error       ErrorCode
		Server      bool
	}
	// Refused frames pass Parse and are refused by Decode.
	Refused []struct {
		Name, Frame string
		Type        Type
		Error       ErrorCode
	}
}

func vectors[V any](t testing.TB, file string) (v V) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// reencode decodes a frame as its type and encodes it again.
func reencode(typ Type, frame []byte) ([]byte, error) {
	switch typ {
	case TypeHello:
		return again[Hello](frame)
	case TypeWelcome:
		return again[Welcome](frame)
	case TypeJoin:
		return again[Join](frame)
	case TypeJoined:
		return again[Joined](frame)
	case TypeLeave:
		return again[Leave](frame)
	case TypeUpdate:
		return again[Update](frame)
	case TypeToken:
		return again[Token](frame)
	case TypeBye:
		return again[Bye](frame)
	case TypeMessage:
		return again[Message](frame)
	case TypeEvent:
		return again[Event](frame)
	case TypeAck:
		return again[Ack](frame)
	case TypeICE:
		return again[ICE](frame)
	case TypeExpiring:
		return again[Expiring](frame)
	case TypeGoAway:
		return again[GoAway](frame)
	case TypePing:
		return again[Ping](frame)
	case TypePong:
		return again[Pong](frame)
	case TypeError:
		return again[ErrorReply](frame)
	case TypeSignal:
		return again[Signal](frame)
	case TypeReceipt:
		return again[Receipt](frame)
	case TypeReport:
		return again[Report](frame)
	}
	return nil, Errorf(CodeUnknownType, "%s", typ)
}

func again[F any, P interface {
	*F
	Frame
	check() error
}](frame []byte) ([]byte, error) {
	f, err := Decode[F, P](frame)
	if err != nil {
		return nil, err
	}
	return Encode(P(&f)), nil
}

func TestGoodFrames(t *testing.T) {
	for _, v := range vectors[frameVectors](t, "frames.json").Good {
		t.Run(v.Name, func(t *testing.T) {
			env, err := Parse([]byte(v.Frame))
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if string(env.Type) != v.Type {
				t.Fatalf("type %q, want %q", env.Type, v.Type)
			}
			if v.Direction == "client" && (env.Type == TypeSignal || env.Type == TypeReceipt) {
				// The server routes these by their envelope; their recipients decode what was forwarded.
				if err := env.CheckRoute(); err != nil {
					t.Fatalf("CheckRoute: %v", err)
				}
				return
			}
			got, err := reencode(env.Type, []byte(v.Frame))
			if err != nil {
				t.Fatalf("Decode: %v", err)
			}
			if string(got) != v.Frame {
				t.Errorf("encoded again:\n got %s\nwant %s", got, v.Frame)
			}
		})
	}
}

func TestMalformedFrames(t *testing.T) {
	for _, v := range vectors[frameVectors](t, "frames.json").Malformed {
		t.Run(v.Name, func(t *testing.T) {
			_, err := Parse([]byte(v.Frame))
			if !errors.Is(err, &Error{Code: v.Error}) {
				t.Errorf("Parse(%.60s): got %v, want %s", v.Frame, err, v.Error)
			}
		})
	}
}

func TestRefusedFrames(t *testing.T) {
	for _, v := range vectors[frameVectors](t, "frames.json").Refused {
		t.Run(v.Name, func(t *testing.T) {
			if _, err := Parse([]byte(v.Frame)); err != nil && v.Error != CodeBadFrame {
				t.Fatalf("Parse: %v", err)
			}
			if _, err := reencode(v.Type, []byte(v.Frame)); !errors.Is(err, &Error{Code: v.Error}) {
				t.Errorf("Decode(%.60s): got %v, want %s", v.Frame, err, v.Error)
			}
		})
	}
}

func TestDecisions(t *testing.T) {
	v := vectors[struct {
		Offers []struct {
			Name    string
			A, B    Member
			AOffers bool
		}
		Connects []struct {
			Name     string
			Topology Topology
			Limit    int
			Members  []Member
			A, B     string
			Connects bool
		}
		Rooms []struct {
			Name  string
			Valid bool
		}
		Closes []struct {
			Code      CloseCode
			Reconnect bool
		}
	}](t, "decide.json")
	for _, o := range v.Offers {
		if Offers(o.A, o.B) != o.AOffers || Offers(o.B, o.A) == o.AOffers {
			t.Errorf("offers: %s: a %v, b %v", o.Name, Offers(o.A, o.B), Offers(o.B, o.A))
		}
	}
	for _, c := range v.Connects {
		if got := Connects(c.Topology, c.Limit, c.Members, c.A, c.B); got != c.Connects {
			t.Errorf("connects: %s: %v", c.Name, got)
		}
	}
	for _, r := range v.Rooms {
		if ValidRoom(r.Name) != r.Valid {
			t.Errorf("room %q: valid %v", r.Name, !r.Valid)
		}
	}
	for _, c := range v.Closes {
		if c.Code.Reconnect() != c.Reconnect {
			t.Errorf("close %d: reconnect %v", c.Code, !c.Reconnect)
		}
	}
}
