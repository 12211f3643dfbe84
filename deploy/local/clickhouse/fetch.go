package clickhouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"whence/deploy/local/lock"
)

// libraryName is the file's name in the package and in the cache.
const libraryName = "libchdb.so"

// errNoNpm says what can be done without npm.
var errNoNpm = errors.New("ClickHouse is not on this machine and npm, which would fetch it, is not on PATH: " +
	"install npm (it comes with Node.js), or put a clickhouse binary, version 26.7 or newer, on PATH, " +
	"or set " + libraryEnv + " to the path of a libchdb.so")

// A fetcher brings the library of one release into the cache folder dir.
type fetcher struct {
	release  release
	dir      string
	progress func(stage string, done, total int64)
}

// library returns the path of the library and fetches it first if it is not
// there. What is there is whole: it comes by a rename after its integrity was
// checked. Several processes may call it at once; one of them fetches.
func (f fetcher) library(ctx context.Context) (string, error) {
	dir := filepath.Join(f.dir, "libchdb-"+releaseVersion, f.release.platform)
	path := filepath.Join(dir, libraryName)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	held, err := lock.Acquire(ctx, filepath.Join(dir, "lock"), func() {
		f.progress("waiting for another process that fetches ClickHouse", 0, 0)
	})
	if err != nil {
		return "", err
	}
	defer func() { _ = held.Release() }() // the lock dies with the process anyway
	if _, err := os.Stat(path); err == nil {
		return path, nil // the process we waited for brought it
	}
	if err := f.fetch(ctx, dir, path); err != nil {
		return "", fmt.Errorf("fetch %s: %w", f.release.spec(), err)
	}
	return path, nil
}

// fetch needs about a gigabyte of disk while it runs. The lock is held.
func (f fetcher) fetch(ctx context.Context, dir, path string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errNoNpm
	}
	work := filepath.Join(dir, "fetch")
	// A fetch that was killed left its work behind; nobody else is at it.
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	packed, err := f.pack(ctx, npm, work)
	if err != nil {
		return err
	}
	want := f.release.integrity
	if want == "" {
		if want, err = f.askIntegrity(ctx, npm, work); err != nil {
			return err
		}
	}
	if err := checkIntegrity(packed, want); err != nil {
		return err
	}
	unpacked := filepath.Join(work, libraryName)
	if err := f.unpack(ctx, packed, unpacked); err != nil {
		return err
	}
	return os.Rename(unpacked, path)
}

// pack downloads the package and returns the path of the packed file.
func (f fetcher) pack(ctx context.Context, npm, work string) (string, error) {
	// A cache of its own: its size tells how far the download is, and the packed
	// file does not stay behind.
	cache := filepath.Join(work, "npm")
	defer os.RemoveAll(cache)
	stop := f.watch(cache)
	defer stop()
	_, err := run(ctx, npm, work, "pack", f.release.spec(), "--pack-destination", work, "--cache", cache, "--ignore-scripts")
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil {
		return "", err
	}
	if len(files) != 1 {
		return "", fmt.Errorf("npm left %d packages where there should be one", len(files))
	}
	return files[0], nil
}

func (f fetcher) askIntegrity(ctx context.Context, npm, work string) (string, error) {
	cache := filepath.Join(work, "npm")
	defer os.RemoveAll(cache)
	out, err := run(ctx, npm, work, "view", f.release.spec(), "dist.integrity", "--json", "--cache", cache)
	if err != nil {
		return "", err
	}
	var integrity string
	if err := json.Unmarshal(out, &integrity); err != nil {
		return "", fmt.Errorf("npm's answer on the integrity: %w", err)
	}
	return integrity, nil
}

// run runs npm in dir, where no project's settings are found, and returns what
// it prints. The user's own settings (proxy, mirror) hold.
func run(ctx context.Context, npm, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, npm, append(args, "--loglevel=error", "--no-update-notifier")...)
	cmd.Dir = dir
	cmd.WaitDelay = exitDelay
	said := &tail{}
	cmd.Stderr = said
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("npm %s: %w: %s", args[0], err, said)
	}
	return out, nil
}
