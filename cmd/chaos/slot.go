package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A slot is the place of an instance: it has a store, and most of the time a
// process. A fault that takes it has it alone until it gives it back.
type slot struct {
	name string
	dir  string // of the store
	*child
}

// start runs an instance in the slot. It is told to the side if it ends by itself.
func (t *trial) start(ctx context.Context, s *side, sl *slot) error {
	listen, err := freeAddr(ctx)
	if err != nil {
		return err
	}
	env := []string{"WHENCE_LISTEN=" + listen, "WHENCE_STORE_DIR=" + sl.dir}
	sl.child, err = t.spawn(filepath.Join(s.Dir, sl.name+".log"), nil, env, "run", "-c", s.config)
	if err != nil {
		return err
	}
	t.watch(sl.child, s.fail)
	return nil
}

// startAll runs an instance in every slot.
func (t *trial) startAll(ctx context.Context, s *side) error {
	for _, sl := range s.slots {
		if err := t.start(ctx, s, sl); err != nil {
			return err
		}
	}
	return nil
}

// hold stops the instance where it is, for a while.
func (sl *slot) hold(ctx context.Context, d time.Duration) error {
	if err := sl.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return sl.failed("had ended before it was held still")
	}
	err := pause(ctx, d)
	if cont := sl.cmd.Process.Signal(syscall.SIGCONT); cont != nil {
		err = errors.Join(err, sl.failed("had ended before it was let go on"))
	}
	return err
}

// removeStore deletes the instance's store, also while it works on it: then files
// come as others go.
func (sl *slot) removeStore(ctx context.Context) error {
	for try := 1; ; try++ {
		err := os.RemoveAll(sl.dir)
		if err == nil {
			return nil
		}
		if try == 50 {
			return fmt.Errorf("delete the store of %s: %w", sl.name, err)
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func freeAddr(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
