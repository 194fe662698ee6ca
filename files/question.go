package files

import (
	"encoding/json"
)

// question is what a receiver asks about a file. Each kind of request goes by the fields that it
// needs, and by no others.
type question struct {
	ID    string `json:"id"`
	File  int    `json:"file"`
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Block int64  `json:"block"`
	Count int64  `json:"count"`
}

func (q question) encode() []byte {
	raw, err := json.Marshal(q)
	if err != nil {
		panic("files: " + err.Error()) // of a struct of numbers and a string there is no error
	}
	return raw
}

func decodeQuestion(raw []byte) (question, error) {
	var q question
	if json.Unmarshal(raw, &q) != nil || !isID(q.ID) {
		return q, &Error{Code: CodeBadRange, Text: "it is no question in JSON"}
	}
	return q, nil
}

// checkRange checks a question for bytes of a file.
func (q question) checkRange(size int64) error {
	if q.From < 0 || q.From >= q.To || q.To > size {
		return &Error{Code: CodeBadRange, Text: "there are no such bytes in the file"}
	}
	return nil
}

// checkBlocks checks a question for the hashes of a file's blocks.
func (q question) checkBlocks(size int64) error {
	power := q.Block&(q.Block-1) == 0
	if q.Block < minBlock || q.Block > maxBlock || !power || q.Count < 1 || q.Count > (size+q.Block-1)/q.Block {
		return &Error{Code: CodeBadRange, Text: "there are no such blocks in the file"}
	}
	return nil
}

const (
	minBlock = 16 << 10
	maxBlock = 4 << 20
)

// blockOf is how many bytes of a file are hashed together: so many that 512 of them have all of it. Who is killed in the middle of one
// receives that again, which is a 512th of the file.
func blockOf(size int64) int64 {
	block := int64(minBlock)
	for block < maxBlock && block*512 < size {
		block *= 2
	}
	return block
}
