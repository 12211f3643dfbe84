package index

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"whence/correlate"
)

// full is a disk that can be filled up.
type full struct {
	on atomic.Bool
	vfs.FS
}

func newFull() *full {
	f := &full{}
	f.FS = errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if f.on.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return &fs.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
		}
		return nil
	}))
	return f
}

// fill puts facts until the store says that it failed, and returns how many were put.
func fill(t *testing.T, p *Pebble, from int) (n int, failed error) {
	t.Helper()
	const some = 500
	for n = from; n < from+400*some; n += some {
		var facts []correlate.Fact
		for i := range some {
			f := account(key(n+i), fmt.Sprint("origin", n+i), time.Unix(1_750_000_000, 0))
			f.Principal.Name = strings.Repeat("x", 200)
			facts = append(facts, f)
		}
		err := p.Put(facts, Position{{"t", 0}: int64(n + some)})
		select {
		case failed := <-p.Failed():
			if err := p.Put(facts, nil); !errors.Is(err, failed) {
				t.Errorf("after that Put returned %v", err)
			}
			return n, failed
		default:
		}
		if err != nil {
			t.Fatalf("Put returned %v before Failed said a thing", err)
		}
	}
	t.Fatal("the disk is full, and nobody notices")
	return 0, nil
}

// closed closes a store whose disk has failed: it must say so, and come back.
func closed(t *testing.T, p *Pebble) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.Close() }()
	select {
	case err := <-done:
		if err == nil {
			t.Error("Close had nothing to say")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Close hangs")
	}
}

// sound checks that the store has every fact before its position.
func sound(t *testing.T, p *Pebble) int {
	t.Helper()
	pos, err := p.Position()
	if err != nil {
		t.Fatal(err)
	}
	until := int(pos[TopicPartition{"t", 0}])
	for n := 0; n < until; n += 97 {
		if s := get(t, p, key(n), time.Time{}, 0); len(s.Facts) != 1 {
			t.Fatalf("the store says that it was filled up to %d, and has %d facts of key %d", until, len(s.Facts), n)
		}
	}
	return until
}

// A disk that fills up ends the store with what to do about it. What was asked for
// meanwhile was answered rightly, and the next start goes on where it was.
func TestDiskFillsUp(t *testing.T) {
	dir, disk := t.TempDir(), newFull()
	p, err := openPebbleOn(disk, dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	const before = 1000
	for n := range before {
		put(t, p, Position{{"t", 0}: int64(n + 1)}, account(key(n), fmt.Sprint("origin", n), time.Unix(1_750_000_000, 0)))
	}
	if err := p.flush(); err != nil {
		t.Fatal(err)
	}
	disk.on.Store(true)
	put, failed := fill(t, p, before)
	if !errors.Is(failed, syscall.ENOSPC) || !strings.Contains(failed.Error(), "free some space") || !strings.Contains(failed.Error(), dir) {
		t.Errorf("it failed with %v", failed)
	}
	for n := 0; n < put; n += 97 {
		if s := get(t, p, key(n), time.Time{}, 0); len(s.Facts) != 1 {
			t.Fatalf("key %d has %d facts", n, len(s.Facts))
		}
	}
	closed(t, p)

	disk.on.Store(false)
	p = openPebble(t, dir)
	defer p.Close()
	if p.Rebuilt() != "" {
		t.Errorf("it was rebuilt: %s", p.Rebuilt())
	}
	if until := sound(t, p); until < before {
		t.Errorf("it was filled up to %d; want at least %d", until, before)
	}
}

// The directory is deleted under a store that is in use.
func TestDirectoryIsDeleted(t *testing.T) {
	dir := t.TempDir() + "/store"
	p, err := OpenPebble(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, failed := fill(t, p, 0); !errors.Is(failed, fs.ErrNotExist) || !strings.Contains(failed.Error(), "from the topics") {
		t.Errorf("it failed with %v", failed)
	}
	closed(t, p)
	p = openPebble(t, dir)
	defer p.Close()
	if until := sound(t, p); until != 0 {
		t.Errorf("an empty directory is filled up to %d", until)
	}
}

// It was deleted, and nothing was put since: closing must not wait for what cannot be.
func TestDirectoryIsDeletedBeforeTheEnd(t *testing.T) {
	dir := t.TempDir() + "/store"
	p, err := OpenPebble(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, Position{{"t", 0}: 1}, account(key(1), "origin", time.Unix(1_750_000_000, 0)))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	closed(t, p)
}

// What Pebble can only tell its log ends the goroutine, and is told.
func TestPebbleGivesUp(t *testing.T) {
	f := newFailing("dir")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		pebbleLog{f}.Fatalf("MANIFEST flush failed: %v", &fs.PathError{Op: "write", Path: "MANIFEST-1", Err: syscall.ENOSPC})
		t.Error("Fatalf returned")
	}()
	<-ended
	if err := <-f.found; !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("it failed with %v", err)
	}
}
