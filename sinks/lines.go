package sinks

import (
	"context"
	"fmt"
	"io"

	"whence/correlate"
)

// Lines writes chains as lines of JSON, and nothing else of an output. Every
// version is a line of its own: a reader keeps the highest of each id. Rows are as
// durable as what the writer does with them. It is safe for concurrent use.
type Lines struct {
	encoding Encoding
	turn     chan struct{} // held by the one write under way, which owns what follows
	w        io.Writer
	torn     bool // the last write ended within a line
	closed   bool
}

// NewLines returns a sink that writes to w, which stays the caller's to close, in the
// Native encoding.
func NewLines(w io.Writer) *Lines { return NewEncodedLines(w, Native) }

// NewEncodedLines is NewLines in another encoding.
func NewEncodedLines(w io.Writer, e Encoding) *Lines {
	return &Lines{encoding: e, turn: make(chan struct{}, 1), w: w}
}

// Name implements Sink.
func (l *Lines) Name() string { return "lines" }

// Write implements Sink. All chains of out go to the writer in one call. An error
// of the writer is returned; a repeat then begins on a new line.
func (l *Lines) Write(ctx context.Context, out *Output) error {
	text, err := lines(l.encoding, out.Chains)
	if err == nil {
		err = l.write(ctx, text)
	}
	if err != nil {
		return fmt.Errorf("write lines: %w", err)
	}
	return nil
}

// write has its turn in a goroutine, because an io.Writer cannot be told to stop:
// a caller that leaves does not wait for it, and Close does.
func (l *Lines) write(ctx context.Context, text []byte) error {
	if err := l.take(ctx); err != nil {
		return err
	}
	if l.closed {
		<-l.turn
		return ErrClosed
	}
	done := make(chan error, 1)
	go func() {
		done <- l.put(text)
		<-l.turn
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take waits for the turn.
func (l *Lines) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Lines) put(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if l.torn {
		text = append([]byte("\n"), text...)
	}
	n, err := l.w.Write(text)
	if n > 0 {
		l.torn = text[n-1] != '\n'
	}
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	return err
}

// Close implements Sink. It waits for the write under way, if any.
func (l *Lines) Close(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		l.closed = true
		<-l.turn
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close lines: %w", ctx.Err())
	}
}

func lines(e Encoding, chains []correlate.Chain) (b []byte, err error) {
	for i := range chains {
		if b, err = e.AppendChain(b, &chains[i]); err != nil {
			return nil, err
		}
		b = append(b, '\n')
	}
	return b, nil
}
