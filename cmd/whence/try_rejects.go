package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"whence/correlate"
)

// maxShown is how many rejects are told of one by one.
const maxShown = 20

// errRejectFile means that rejects cannot be written to where they should go.
var errRejectFile = errors.New("write rejects")

// A rejectLog tells of what could not be decoded.
type rejectLog struct {
	errOut io.Writer
	file   io.Writer // nil: the values themselves are kept nowhere
	count  int
}

func (l *rejectLog) add(r *correlate.Reject) error {
	l.count++
	if l.count <= maxShown {
		fmt.Fprintf(l.errOut, "%s:%d: %s: %s\n", printable(r.Topic), r.Offset, r.Reason, r.Detail)
	}
	if l.file == nil {
		return nil
	}
	b, err := json.Marshal(newRejectLine(r))
	if err == nil {
		_, err = l.file.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errRejectFile, err)
	}
	return nil
}

// end tells of the rejects that were not shown.
func (l *rejectLog) end() {
	if more := l.count - maxShown; more > 0 {
		fmt.Fprintf(l.errOut, "... and %d more that could not be decoded\n", more)
	}
}

// rejectLine is a reject as a line of JSON.
type rejectLine struct {
	Topic  string `json:"topic"`
	Offset int64  `json:"offset"`
	Source string `json:"source,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	SHA256 string `json:"sha256"`
	Raw    string `json:"raw,omitempty"`
	Base64 []byte `json:"raw_base64,omitempty"` // instead of Raw, where that is not UTF-8
}

func newRejectLine(r *correlate.Reject) rejectLine {
	l := rejectLine{Topic: r.Topic, Offset: r.Offset, Source: r.Source, Reason: r.Reason, Detail: r.Detail, SHA256: r.SHA256}
	if utf8.Valid(r.Raw) {
		l.Raw = string(r.Raw)
	} else {
		l.Base64 = r.Raw
	}
	return l
}
