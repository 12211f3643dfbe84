package apachekafka

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the pom is part of the program
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"whence/deploy/local/lock"
)

// Version is that of the Kafka that is run; pom.xml names it too.
const Version = "4.3.1"

// pom says which jars there must be.
//
//go:embed pom.xml
var pom []byte

// exitDelay is how long the pipes of an ended process are read for.
const exitDelay = 2 * time.Second

// findJars returns the folder with the jars, which Maven brings if it is not there.
// What is there is whole: it comes by a rename, after Maven has compared every jar
// with its checksum. Several processes may call it at once; one of them fetches.
func findJars(ctx context.Context, cfg Config) (string, error) {
	cache, err := cacheDir(cfg.CacheDir)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(pom)
	dir := filepath.Join(cache, "kafka-"+Version+"-"+hex.EncodeToString(sum[:4]))
	jars := filepath.Join(dir, "jars")
	if _, err := os.Stat(jars); err == nil {
		return jars, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	held, err := lock.Acquire(ctx, filepath.Join(dir, "lock"), func() {
		cfg.Progress("waiting for another process that fetches Kafka")
	})
	if err != nil {
		return "", err
	}
	defer func() { _ = held.Release() }() // the lock dies with the process anyway
	if _, err := os.Stat(jars); err == nil {
		return jars, nil // the process we waited for brought them
	}
	cfg.Progress("fetching Kafka " + Version)
	if err := fetch(ctx, dir, jars); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", fmt.Errorf("%w: its jars cannot be fetched: %w", ErrMissing, err)
	}
	return jars, nil
}

func cacheDir(dir string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep Kafka's jars in: %w", err)
	}
	return filepath.Join(dir, "whence"), nil
}

// fetch has Maven copy the jars. The user's own settings (proxy, mirror) hold. The
// lock is held.
func fetch(ctx context.Context, dir, jars string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return errors.New("mvn, which would do it, is not on PATH")
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
	project, fetched := filepath.Join(work, "pom.xml"), filepath.Join(work, "jars")
	if err := os.WriteFile(project, pom, 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, mvn, "--batch-mode", "--quiet", "--strict-checksums", "--file", project,
		"dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+fetched)
	cmd.Dir = work
	cmd.WaitDelay = exitDelay
	var said bytes.Buffer // a page at most: it is told to be quiet
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("mvn: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return os.Rename(fetched, jars)
}
