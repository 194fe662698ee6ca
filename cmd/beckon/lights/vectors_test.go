package lights

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"
)

const vectorsFile = "testdata/vectors.json"

var update = flag.Bool("update", false, "write "+vectorsFile+" anew, by what this program does")

// vectors are what every program has to come to. That of web/demo is tested by the same file.
type vectors struct {
	Comment string         `json:"comment"`
	Numbers []numberVector `json:"numbers"`
	Places  []placeVector  `json:"places"`
	Voyages []voyageVector `json:"voyages"`
	Packets []packetVector `json:"packets"`
	Refused []refusal      `json:"refused"`
	Matches []matchVector  `json:"matches"`
}

type (
	numberVector struct {
		Text   string `json:"text"`
		Number uint32 `json:"number"`
		Seed   uint32 `json:"seed"`
	}
	placeVector struct {
		Seed  uint32 `json:"seed"`
		Light int    `json:"light"`
		Taken uint32 `json:"taken"`
		X     int    `json:"x"`
		Y     int    `json:"y"`
	}
	boatVector [4]int // x, y, heading, speed
	// inputVector is an input that is held for so many ticks.
	inputVector struct {
		Ticks int    `json:"ticks"`
		Want  uint16 `json:"want"`
		Go    bool   `json:"go"`
	}
	voyageVector struct {
		Number uint32        `json:"number"`
		Begin  boatVector    `json:"begin"`
		Inputs []inputVector `json:"inputs"`
		Ends   []boatVector  `json:"ends"` // after each of them
	}
	packetVector struct {
		Hex     string           `json:"hex"`
		Number  uint32           `json:"number"`
		Tick    uint32           `json:"tick"`
		Boat    boatVector       `json:"boat"`
		Score   uint32           `json:"score"`
		Paused  bool             `json:"paused"`
		Pointer []int            `json:"pointer"`
		Lights  [Lights][2]int64 `json:"lights"`
	}
	refusal struct {
		Name string `json:"name"`
		Hex  string `json:"hex"`
	}
	// matchVector is what one player does and hears, in order, and how it stands then and again.
	matchVector struct {
		Name  string `json:"name"`
		Seed  uint32 `json:"seed"`
		Self  uint32 `json:"self"`
		Steps []step `json:"steps"`
	}
	// step is one of: sail, hear, or stand.
	step struct {
		Sail  *inputVector `json:"sail,omitempty"`
		Hear  *heard       `json:"hear,omitempty"`
		Stand *standing    `json:"stand,omitempty"`
	}
	heard struct {
		From uint32 `json:"from"`
		At   int64  `json:"at"`
		Hex  string `json:"hex"`
	}
	standing struct {
		Packet string        `json:"packet"` // the own one
		Others []otherVector `json:"others"`
		Counts [5]uint32     `json:"counts"` // heard, malformed, foreign, old, full
	}
	otherVector struct {
		Number  uint32     `json:"number"`
		Tick    uint32     `json:"tick"`
		Boat    boatVector `json:"boat"`
		Score   uint32     `json:"score"`
		Held    uint32     `json:"held"`
		Refused uint32     `json:"refused"`
	}
)

func boatOf(b Boat) boatVector { return boatVector{b.X, b.Y, int(b.Heading), b.Speed} }

func packetHex(p Packet) string { return hex.EncodeToString(AppendPacket(nil, &p)) }

func stands(s *Sea) step {
	c := s.Counts()
	st := standing{Packet: packetHex(s.Packet()), Others: []otherVector{}, Counts: [5]uint32{c.Heard, c.Malformed, c.Foreign, c.Old, c.Full}}
	for _, o := range s.Others() {
		st.Others = append(st.Others, otherVector{o.Number, o.Tick, boatOf(o.Boat), o.Score, o.Held, o.Refused})
	}
	return step{Stand: &st}
}

// makeVectors makes all of them, the same each time.
func makeVectors() vectors {
	random := rand.New(rand.NewPCG(7, 7))
	v := vectors{Comment: "Made by `go test ./cmd/beckon/lights -run TestVectors -update`; the README says what it means."}
	for _, text := range []string{"", "tea", "quiet-fox-4821", "p7Hq2", "grüße"} {
		v.Numbers = append(v.Numbers, numberVector{text, Number(text), Seed(text)})
	}
	for range 40 {
		p := placeVector{Seed: random.Uint32(), Light: random.IntN(Lights), Taken: random.Uint32() >> (1 + random.IntN(31))}
		p.X, p.Y = Place(p.Seed, p.Light, p.Taken)
		v.Places = append(v.Places, p)
	}
	for range 6 {
		v.Voyages = append(v.Voyages, voyage(random))
	}
	for i := range 3 {
		p := aPacket()
		p.Paused, p.Pointed = i == 1, i == 2
		if !p.Pointed {
			p.PointX, p.PointY = 0, 0
		}
		v.Packets = append(v.Packets, describe(p))
	}
	v.Refused = refusals()
	v.Matches = []matchVector{match("three players, a fifth lost", random, 0.2, false), match("one of three cheats", random, 0, true)}
	return v
}

func voyage(random *rand.Rand) voyageVector {
	v := voyageVector{Number: random.Uint32()}
	b := Begin(v.Number)
	v.Begin = boatOf(b)
	for range 12 {
		in := inputVector{1 + random.IntN(150), uint16(random.Uint32()), random.IntN(6) > 0}
		for range in.Ticks {
			b = b.Step(Input{in.Want, in.Go})
		}
		v.Inputs, v.Ends = append(v.Inputs, in), append(v.Ends, boatOf(b))
	}
	return v
}

func describe(p Packet) packetVector {
	v := packetVector{Hex: packetHex(p), Number: p.Number, Tick: p.Tick, Boat: boatOf(p.Boat), Score: p.Score, Paused: p.Paused}
	if p.Pointed {
		v.Pointer = []int{p.PointX, p.PointY}
	}
	for i, l := range p.Lights {
		v.Lights[i] = [2]int64{int64(l.Taken), int64(l.By)}
	}
	return v
}

// refusals are packets each with one thing wrong.
func refusals() (all []refusal) {
	p := aPacket()
	for _, c := range []struct {
		name  string
		spoil func(data []byte) []byte
	}{
		{"nothing", func(d []byte) []byte { return nil }},
		{"a byte less", func(d []byte) []byte { return d[1:] }},
		{"a byte more", func(d []byte) []byte { return append(d, 0) }},
		{"version 0", func(d []byte) []byte { d[0] = 0; return d }},
		{"version 2", func(d []byte) []byte { d[0] = 2; return d }},
		{"number 0", func(d []byte) []byte { clear(d[2:6]); return d }},
		{"east of the sea", func(d []byte) []byte { d[10], d[11] = 0xc8, 0x01; return d }},
		{"south of the sea", func(d []byte) []byte { d[12], d[13] = 0x70, 0x81; return d }},
		{"too fast", func(d []byte) []byte { d[16], d[17] = 1, 1; return d }},
		{"too many lights", func(d []byte) []byte { d[18] = 0x80; return d }},
		{"a pointer east of the sea", func(d []byte) []byte { d[22], d[23] = 0xc8, 0x01; return d }},
		{"a pointer south of the sea", func(d []byte) []byte { d[24], d[25] = 0x70, 0x81; return d }},
		{"a light that was taken too often", func(d []byte) []byte { d[26+8*3] = 0x80; return d }},
		{"a light that nobody took, by somebody", func(d []byte) []byte { d[26+7] = 1; return d }},
	} {
		all = append(all, refusal{c.name, hex.EncodeToString(c.spoil(AppendPacket(nil, &p)))})
	}
	return all
}

// match is what the first of three players does and hears. The bots of the three play; one may break the rules.
func match(name string, random *rand.Rand, loss float64, cheats bool) matchVector {
	numbers := []uint32{Number("a"), Number("b"), Number("c")}
	var seas []*Sea
	bots := []Bot{{Skill: Keen}, {Skill: Keen}, {Skill: Fair}}
	for _, n := range numbers {
		seas = append(seas, NewSea(Seed("tea"), n))
	}
	m := matchVector{Name: name, Seed: Seed("tea"), Self: numbers[0]}
	hear := func(from int, data []byte, at int64) {
		m.Steps = append(m.Steps, step{Hear: &heard{numbers[from], at, hex.EncodeToString(data)}})
		seas[0].Hear(numbers[from], data, at)
	}
	for tick := range 180 {
		at := int64(tick) * 33
		for i, s := range seas {
			in := bots[i].Steer(s)
			if i == 0 {
				m.Steps = append(m.Steps, step{Sail: &inputVector{1, in.Want, in.Go}})
			}
			s.Sail(in)
		}
		if cheats {
			cheat(seas[2], tick)
		}
		for i, s := range seas {
			p := s.Packet()
			data := AppendPacket(nil, &p)
			for j, other := range seas {
				switch {
				case i == j || random.Float64() < loss:
				case j == 0:
					hear(i, data, at+int64(random.IntN(20)))
				default:
					other.Hear(numbers[i], data, at)
				}
			}
			if cheats && i == 2 && tick%50 == 7 {
				hear(2, data, at)     // twice
				hear(1, data, at)     // as if it were the other's
				hear(2, data[2:], at) // cut
			}
		}
		if tick%60 == 59 {
			m.Steps = append(m.Steps, stands(seas[0]))
		}
	}
	return m
}

// cheat breaks the rules in a way of its own every second.
func cheat(s *Sea, tick int) {
	switch tick % 90 {
	case 20: // is somewhere else
		s.boat.X, s.boat.Y = s.Light(2)
	case 50: // has what it was not near to
		s.lights[5] = Light{s.lights[5].Taken + 1, s.self}
		s.score += 3
	case 70: // makes up what others did
		s.lights[1] = Light{s.lights[1].Taken + 5, 99}
	case 80: // has a clock of its own
		s.tick += 400
	}
}

// Everything stands in the file as this program does it.
func TestVectors(t *testing.T) {
	t.Parallel()
	v := makeVectors()
	for _, r := range v.Refused {
		data, _ := hex.DecodeString(r.Hex)
		if p, err := DecodePacket(data); err == nil {
			t.Errorf("%s is taken as %+v", r.Name, p)
		}
	}
	// They are about something: what is lost, refused and held is in them.
	last := v.Matches[1].Steps[len(v.Matches[1].Steps)-1].Stand
	cheater := last.Others[slices.IndexFunc(last.Others, func(o otherVector) bool { return o.Number == Number("c") })]
	if cheater.Held == 0 || cheater.Refused == 0 || slices.Contains(last.Counts[:4], 0) {
		t.Errorf("the match has %+v, %v", cheater, last.Counts)
	}
	if *update {
		if err := os.WriteFile(vectorsFile, encoded(t, v), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var kept vectors
	if err := json.Unmarshal(file, &kept); err != nil {
		t.Fatal(err)
	}
	// What bots do is no rule, and a matter of floating point: their matches are taken as they are, and judged again.
	for _, m := range kept.Matches {
		replay(t, m)
	}
	kept.Matches, v.Matches = nil, nil
	if !bytes.Equal(encoded(t, kept), encoded(t, v)) {
		t.Errorf("%s differs from what this program does: if that is meant, run with -update", vectorsFile)
	}
}

func encoded(t *testing.T, v vectors) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// replay plays a match of the file.
func replay(t *testing.T, m matchVector) {
	t.Helper()
	s := NewSea(m.Seed, m.Self)
	stood := 0
	for i, st := range m.Steps {
		switch {
		case st.Sail != nil:
			s.Sail(Input{st.Sail.Want, st.Sail.Go})
		case st.Hear != nil:
			data, err := hex.DecodeString(st.Hear.Hex)
			if err != nil {
				t.Fatal(err)
			}
			s.Hear(st.Hear.From, data, st.Hear.At)
		default:
			stood++
			if got := stands(s).Stand; !reflect.DeepEqual(got, st.Stand) {
				t.Fatalf("%s, step %d: it stands %+v, want %+v", m.Name, i, got, st.Stand)
			}
		}
	}
	if stood == 0 {
		t.Errorf("%s says nowhere how it stands", m.Name)
	}
}
