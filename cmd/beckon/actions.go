package main

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/signaling"
)

// maxAction is the size of an action's body. None needs a tenth of it.
const maxAction = 4 << 10

// longestRevocation keeps a list that lives in memory from growing for ever; a token lives for a day at most.
const longestRevocation = 31 * 24 * time.Hour

// readAction reads the JSON of an action, or answers what is wrong with it.
func readAction(w http.ResponseWriter, r *http.Request, into any) bool {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		answerError(w, http.StatusUnsupportedMediaType, "the body must be JSON, and say so: Content-Type: application/json")
		return false
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAction))
	body.DisallowUnknownFields() // a misspelt field would be a person who is not shut out
	err := body.Decode(into)
	if err == nil {
		if _, more := body.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the object")
		}
	}
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		answerError(w, http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", maxAction)
		return false
	}
	if err != nil {
		answerError(w, http.StatusBadRequest, "the body is not what this takes: %v", err)
		return false
	}
	return true
}

// kickAction ends the session of one peer.
func kickAction(kick func(peer string) bool, log zerolog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			Peer string `json:"peer"`
		}
		if !readAction(w, r, &req) {
			return
		}
		switch {
		case req.Peer == "":
			answerError(w, http.StatusBadRequest, `say whom: {"peer": "…"}, with the id that the others see and that the log names`)
		case !kick(req.Peer):
			answerError(w, http.StatusNotFound, "there is no peer %q", req.Peer)
		default:
			log.Info().Str("peer", req.Peer).Msg("kicked by the operator")
			answer(w, http.StatusOK, map[string]any{"ended": 1})
		}
	}
}

// revokeAction shuts out an identity, or the holders of a token.
func revokeAction(revoke func(signaling.Revocation) int, now func() time.Time, log zerolog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			Identity string    `json:"identity"`
			Token    string    `json:"token"`
			Until    time.Time `json:"until"`
		}
		if !readAction(w, r, &req) {
			return
		}
		until := req.Until
		if until.IsZero() {
			until = now().Add(24 * time.Hour)
		}
		switch {
		case req.Identity == "" && req.Token == "":
			answerError(w, http.StatusBadRequest, `say whom: {"identity": "…"}, or {"token": "…"} with the id of a token (jti), or both`)
		case !until.After(now()):
			answerError(w, http.StatusBadRequest, "until is over already: leave it out for a day, which no token outlives")
		case until.After(now().Add(longestRevocation)):
			answerError(w, http.StatusBadRequest, "until is more than 31 days away: have your app's backend sign no tokens for them instead")
		default:
			ended := revoke(signaling.Revocation{Identity: req.Identity, TokenID: req.Token, Until: until})
			log.Info().Str("identity", req.Identity).Str("jti", req.Token).Time("until", until).Int("ended", ended).Msg("revoked by the operator")
			answer(w, http.StatusOK, map[string]any{"ended": ended, "until": until.UTC().Format(time.RFC3339)})
		}
	}
}

// endAction is kick and revoke of a relay alone: how many allocations of a user it has ended.
func endAction(what string, end func(user string) int, log zerolog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			User string `json:"user"`
		}
		if !readAction(w, r, &req) {
			return
		}
		if req.User == "" {
			answerError(w, http.StatusBadRequest, `say whom: {"user": "…"}, without the time before the colon of a REST username`)
			return
		}
		ended := end(req.User)
		log.Info().Str("user", req.User).Int("ended", ended).Msg(what + " by the operator")
		answer(w, http.StatusOK, map[string]any{"ended": ended})
	}
}
