package clickhouse

import (
	"io/fs"
	"path/filepath"
	"sync"
	"time"
)

// watch reports the size of dir as the progress of the download, because npm
// itself tells nothing when no terminal is there. Call the function it returns
// to end that; it waits.
func (f fetcher) watch(dir string) (stop func()) {
	const stage = "fetching ClickHouse"
	f.progress(stage, 0, f.release.bytes)
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			size := sizeOf(dir)
			if f.release.bytes > 0 {
				size = min(size, f.release.bytes) // the cache holds a little more than the package
			}
			f.progress(stage, size, f.release.bytes)
		}
	})
	return func() {
		close(end)
		wg.Wait()
	}
}

// sizeOf adds up the files in dir. Files come and go meanwhile, so errors only
// make it less exact.
func sizeOf(dir string) (bytes int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // gone again
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}
