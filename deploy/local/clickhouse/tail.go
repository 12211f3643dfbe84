package clickhouse

import (
	"bytes"
	"strings"
	"sync"
)

// tailBytes is how much of what a process said is kept, for its error.
const tailBytes = 4 << 10

// tail keeps the end of what is written to it; the rest is let go. It is safe
// for concurrent use.
type tail struct {
	mu    sync.Mutex
	bytes []byte
}

// Write implements io.Writer. It never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, p[max(0, len(p)-tailBytes):]...)
	if over := len(t.bytes) - tailBytes; over > 0 {
		t.bytes = append(t.bytes[:0], t.bytes[over:]...)
	}
	return len(p), nil
}

// has reports whether text is in what is kept.
func (t *tail) has(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Contains(t.bytes, []byte(text))
}

// String is what is kept, without space at its ends.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.bytes))
}
