package protocol

// CloseCode is a WebSocket close code (RFC 6455, section 7.4.2: 4000–4999 are private). Its range tells a client what to do
// without knowing the code: 4000–4499 reconnect, 4500–4999 do not.
type CloseCode int

// The close codes of Beckon. A `bye` is answered with RFC 6455's own 1000.
const (
	CloseNormal             CloseCode = 1000
	CloseGoingAway          CloseCode = 4000
	CloseHeartbeatTimeout   CloseCode = 4001
	CloseHelloTimeout       CloseCode = 4002
	CloseTryLater           CloseCode = 4003
	CloseInternal           CloseCode = 4004
	CloseHelloExpected      CloseCode = 4500
	CloseFrameTooLarge      CloseCode = 4501
	CloseBinaryFrame        CloseCode = 4502
	CloseUnsupportedVersion CloseCode = 4503
	CloseUnauthorized       CloseCode = 4504
	CloseReplaced           CloseCode = 4505
	CloseTooManyErrors      CloseCode = 4506
	CloseTokenExpired       CloseCode = 4507
	CloseTooManyPeers       CloseCode = 4508
	CloseKicked             CloseCode = 4509
	CloseRevoked            CloseCode = 4510
)

// Reconnect tells whether a client whose connection ended with this code should connect again. Codes that are not ours (a
// proxy's 1001, the 1006 of a lost connection) say nothing about us, so the client should.
func (c CloseCode) Reconnect() bool {
	return c != CloseNormal && (c < 4500 || c > 4999)
}

// Name is the code's short name, which the server sends as the close reason; "" for a code that is not in the table.
func (c CloseCode) Name() string {
	for _, row := range CloseCodes() {
		if row.Code == c {
			return row.Name
		}
	}
	return ""
}

// CloseInfo is a row of the table of close codes.
type CloseInfo struct {
	Code CloseCode
	Name string
	// Text says what happened, as a sentence for people.
	Text string
}

// CloseCodes returns the one table of close codes, in ascending order.
func CloseCodes() []CloseInfo {
	return []CloseInfo{
		{CloseNormal, "normal", "The session ended because one side said so."},
		{CloseGoingAway, "going-away", "This server is shutting down; connect again, perhaps elsewhere."},
		{CloseHeartbeatTimeout, "heartbeat-timeout", "Nothing was heard from the client for the heartbeat timeout."},
		{CloseHelloTimeout, "hello-timeout", "No hello came in time."},
		{CloseTryLater, "try-later", "The server has as many sessions as it may have."},
		{CloseInternal, "internal", "The server failed; its log says why."},
		{CloseHelloExpected, "hello-expected", "The first frame was not a hello."},
		{CloseFrameTooLarge, "frame-too-large", "A frame was larger than the limit in the welcome."},
		{CloseBinaryFrame, "binary-frame", "Frames are text; a binary one came."},
		{CloseUnsupportedVersion, "unsupported-version", "The client speaks no version that this server speaks."},
		{CloseUnauthorized, "unauthorized", "The token was refused."},
		{CloseReplaced, "replaced", "A newer connection of the same instance took over."},
		{CloseTooManyErrors, "too-many-errors", "The client kept sending frames that were refused."},
		{CloseTokenExpired, "token-expired", "The token has expired; come back with a fresh one."},
		{CloseTooManyPeers, "too-many-peers", "The identity has as many peers as its token allows."},
		{CloseKicked, "kicked", "The server's operator has ended the session."},
		{CloseRevoked, "revoked", "The server's operator has revoked the token, or all of its identity's."},
	}
}
