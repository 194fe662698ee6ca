package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// freshRoom makes the name of a room that nobody is in, easy to read out to somebody: quiet-fox-4821. It is not a
// secret: one of 9 million.
func freshRoom() string {
	adjectives := strings.Fields("amber bold brave bright brisk calm clear clever cosy eager early gentle golden happy " +
		"honest jolly kind light lively lucky mellow merry mild neat noble proud quick quiet shiny swift warm wise")
	nouns := strings.Fields("badger beaver bison crane deer dolphin dove eagle falcon finch fox hare heron horse ibis " +
		"koala lark lynx marten otter owl panda puffin raven robin salmon seal sparrow stork swan tiger wren")
	return fmt.Sprintf("%s-%s-%d", adjectives[rand.IntN(len(adjectives))], nouns[rand.IntN(len(nouns))], 1000+rand.IntN(9000))
}

// checkPattern refuses what cannot name rooms: a room's name, or the beginning of one and a `*` for all that begin so. A
// mistake here could open a door or keep one shut.
func checkPattern(s string) error {
	text, prefix := strings.CutSuffix(s, "*")
	if prefix && text == "" || protocol.ValidRoom(text) {
		return nil
	}
	if begin, _, found := strings.Cut(text, "*"); found {
		return usagef("--allow-anonymous %q: a `*` can only be the last character: did you mean %q?", s, begin+"*")
	}
	return usagef("--allow-anonymous %q names no room: write 1 to 64 letters, digits and . _ ~ -, the first a letter or digit, "+
		"or such a beginning and a `*`, like `team-*`", s)
}

// openRoom makes the name of a room that one of the patterns allows: a fresh one if that is possible. Without patterns it is one that
// needs a token.
func openRoom(patterns []string) string {
	for _, p := range patterns {
		if prefix, ok := strings.CutSuffix(p, "*"); ok {
			name := prefix + freshRoom()
			return name[:min(len(name), protocol.MaxName)]
		}
	}
	if len(patterns) == 0 {
		return freshRoom()
	}
	return patterns[0]
}
