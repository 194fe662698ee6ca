// Package webhook asks an app's backend who may come in: the other way to fill a server's Authorize, for apps that would rather
// answer a question than sign tokens. [Client.Ask] posts what is known of the client, signed with a shared secret; the answer is
// the claims of a join token without the signature, or 403. The README says what is sent, how to check it, and what to answer.
//
//	client ── hello ──▶ server ── POST, Beckon-Signature: t=…,v1=… ──▶ app's backend
//	                           ◀── 200 {"sub":…,"exp":…,"beckon":{…}} ──   403: no
//
// It fails closed: nobody comes in without an answer. No answer is not a no, though: the error wraps
// context.DeadlineExceeded then, which package signaling takes for undecided, so the client comes back later.
//
// # Goroutines
//
// None of its own: Ask runs on its caller's. The kept connections of net/http have theirs, which Close ends.
//
// # Bounds
//
//	what                    bound                        beyond it
//	one question            Timeout, waiting included    Unavailable
//	questions at once       Concurrency                  they wait
//	questions that wait     Waiting                      Busy
//	an answer               MaxAnswer bytes              BadAnswer
//	answers that are kept   CacheEntries                 the newest is not kept
package webhook
