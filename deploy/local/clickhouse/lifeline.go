package clickhouse

import "os"

// A lifeline is what the engine has for standard input: it runs until our end is
// closed, by us or by our end. Where it can be it is a terminal. With a pipe for
// standard input clickhouse-local takes itself for a script that any error ends,
// and aborts when a client sends what it does not expect or is killed
// (ClickHouse issue 115666, mended upstream after 26.7).
type lifeline struct {
	ours, theirs *os.File
	terminal     bool
}

func newLifeline() (lifeline, error) {
	if ours, theirs, err := openTerminal(); err == nil {
		return lifeline{ours, theirs, true}, nil
	}
	theirs, ours, err := os.Pipe()
	return lifeline{ours, theirs, false}, err
}
