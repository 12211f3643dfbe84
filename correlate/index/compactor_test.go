package index

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// slow is a disk that takes the files of compactions only once it may.
type slow struct {
	vfs.FS
	may    chan struct{}
	began  chan struct{}
	begin  sync.Once
	writes atomic.Int64
}

func (s *slow) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.Create(name, category)
	if err != nil || category != compactions {
		return f, err
	}
	return slowFile{f, s}, nil
}

type slowFile struct {
	vfs.File
	*slow
}

func (f slowFile) Write(p []byte) (int, error) {
	f.begin.Do(func() { close(f.began) })
	<-f.may
	f.writes.Add(1)
	return f.File.Write(p)
}

func layered(t *testing.T, p *Pebble, layers, keys int) {
	t.Helper()
	for l := range layers {
		for i := range keys {
			f := account(key(i), fmt.Sprint("origin", l), day)
			f.Principal.Name = strings.Repeat(fmt.Sprint(i*l), 50)
			put(t, p, nil, f)
		}
		if err := p.flush(); err != nil {
			t.Fatal(err)
		}
	}
}

// Closing does not wait for what is being merged: the next start merges it.
func TestCloseWaitsForNoCompaction(t *testing.T) { synctest.Test(t, closeWhileCompacting) }

func closeWhileCompacting(t *testing.T) {
	disk := &slow{FS: vfs.NewMem(), may: make(chan struct{}), began: make(chan struct{})}
	p, err := openPebbleOn(disk, "store", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	const layers, keys = 8, 2000
	layered(t, p, layers, keys)
	select {
	case <-disk.began:
		t.Fatal("it merges before the start is over")
	default:
	}
	p.work()
	<-disk.began
	done := make(chan error, 1)
	go func() { done <- p.Close() }()
	synctest.Wait() // for the compaction, at most
	close(disk.may)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := disk.writes.Load(); n > 2 {
		t.Errorf("%d more writes of the compaction", n)
	}
	if err := p.failing.now(); err != nil {
		t.Errorf("it is taken for a failing disk: %v", err)
	}
	again, err := openPebbleOn(disk, "store", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	again.work()
	if again.Rebuilt() != "" {
		t.Fatal(again.Rebuilt())
	}
	for i := range keys {
		if n := len(get(t, again, key(i), day, 0).Facts); n != layers {
			t.Fatalf("key %d has %d facts, want %d", i, n, layers)
		}
	}
}
