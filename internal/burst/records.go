package burst

// A DTLS record begins with its type, the version, the epoch and number, and the length of what follows (RFC 6347, section 4.1).
const (
	recordHeader    = 13
	applicationData = 23
	dtls12, major   = 0xfd, 0xfe
)

// worthwhile is the least that a record must have to be held back for others without a reason to expect some.
const worthwhile = 400

// isRecords tells whether a datagram is whole records of encrypted application data and nothing else. Only those may be put together:
// Pion drops the rest of a datagram in which one does not fit, or in which a handshake ends, and whoever can send us a datagram could so
// take others' away.
func isRecords(p []byte) bool {
	for len(p) > recordHeader {
		if p[0] != applicationData || p[1] != major || p[2] != dtls12 || p[3] == 0 && p[4] == 0 {
			return false // the epoch 0 is in the clear
		}
		end := recordHeader + int(p[11])<<8 + int(p[12])
		if end == recordHeader || end > len(p) {
			return false
		}
		if p = p[end:]; len(p) == 0 {
			return true
		}
	}
	return false
}
