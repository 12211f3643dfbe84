//go:build unix

package apachekafka

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestWatcherGoesToo: nothing of ours is left when the program ends by itself.
func TestWatcherGoesToo(t *testing.T) {
	p, err := startProcess([]string{"/bin/sh", "-c", "echo said; exit 3"}, filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	<-p.done
	if p.err == nil || p.cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("it ended with %v", p.err)
	}
	if said, err := os.ReadFile(p.cmd.Stdout.(*os.File).Name()); err != nil || string(said) != "said\n" {
		t.Errorf("it said %q, %v", said, err)
	}
	if _, err := p.lifeline.Write([]byte{0}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the lifeline is still open: %v", err)
	}
}
