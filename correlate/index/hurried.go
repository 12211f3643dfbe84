package index

import (
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// hurried is a file system on which Pebble's compactions fail once the store is being
// closed: Pebble would wait for them, however much there is to merge, and the next start
// can merge it as well.
type hurried struct {
	vfs.FS
	closing *atomic.Bool
}

// compactions is what Pebble says that it makes files for.
const compactions vfs.DiskWriteCategory = "pebble-compaction"

// Create implements vfs.FS.
func (h hurried) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := h.FS.Create(name, category)
	if err != nil || category != compactions {
		return f, err
	}
	return hurriedFile{f, h.closing}, nil
}

// Unwrap implements vfs.FS.
func (h hurried) Unwrap() vfs.FS { return h.FS }

type hurriedFile struct {
	vfs.File
	closing *atomic.Bool
}

// Write implements vfs.File.
func (f hurriedFile) Write(p []byte) (int, error) {
	if f.closing.Load() {
		return 0, errClosing
	}
	return f.File.Write(p)
}
