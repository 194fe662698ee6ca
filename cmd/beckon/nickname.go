package main

import (
	"hash/fnv"
	"strings"
)

// nickname is what a peer is called that has said no name: two words from its id, the same ones as on the demo's pages, so that two people who
// talk about a third mean the same. The words are those of web/demo/src/names.ts, which a test compares.
func nickname(id string) string {
	qualities := strings.Fields("amber bold brisk calm clear copper coral distant early easy even fair gentle golden green grey high keen " +
		"late light lunar mild misty neat north open pale plain quick quiet rapid red silver slow small south still sunny tidal warm " +
		"west white wide wild")
	places := strings.Fields("anchor bay beacon bell boat bridge buoy canal cape cove current deck delta dock drift dune ferry fjord gull " +
		"harbor haven heron inlet island jetty keel lagoon lamp lantern mast mole oar pier quay reef ridge river sail shoal shore sound " +
		"strait surf tern tide wharf")
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash takes everything
	n := int(h.Sum32())
	return capital(qualities[n%len(qualities)]) + " " + capital(places[n/len(qualities)%len(places)])
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
