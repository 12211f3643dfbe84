package sinks

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"whence/correlate"
)

// Lines writes chains as lines of JSON, and nothing else of an output. Every
// version is a line of its own: a reader keeps the highest of each id. Rows are as
// durable as what the writer does with them. It is safe for concurrent use.
type Lines struct {
	turn chan struct{} // held by the one call that writes
	w    io.Writer
	torn bool // the last write ended within a line
}

// NewLines returns a sink that writes to w, which stays the caller's to close.
func NewLines(w io.Writer) *Lines {
	return &Lines{turn: make(chan struct{}, 1), w: w}
}

// Name implements Sink.
func (l *Lines) Name() string { return "lines" }

// Write implements Sink. All chains of out go to the writer in one call. An error
// of the writer is returned; a repeat then begins on a new line.
func (l *Lines) Write(ctx context.Context, out *Output) error {
	text, err := lines(out.Chains)
	if err != nil {
		return fmt.Errorf("write lines: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write lines: %w", err)
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("write lines: %w", ctx.Err())
	}
	defer func() { <-l.turn }()
	if len(text) == 0 {
		return nil
	}
	if l.torn {
		text = append([]byte("\n"), text...)
	}
	n, err := l.w.Write(text)
	l.torn = l.torn && n == 0 || n > 0 && text[n-1] != '\n'
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("write lines: %w", err)
	}
	return nil
}

// Close implements Sink. It waits for the write under way, if any.
func (l *Lines) Close(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		<-l.turn
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func lines(chains []correlate.Chain) ([]byte, error) {
	var b bytes.Buffer
	for i := range chains {
		j, err := chains[i].MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("encode chain %s: %w", chains[i].ID, err)
		}
		b.Write(j)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}
