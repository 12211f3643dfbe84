package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// libraryEnv names a libchdb.so to use instead of a fetched one.
const libraryEnv = "WHENCE_LIBCHDB"

// findEngine returns the command that runs clickhouse-local, without its
// options: a binary on PATH, the library that WHENCE_LIBCHDB names, the one in
// the cache, or the one that is fetched into it, in this order.
func findEngine(ctx context.Context, cfg Config) ([]string, error) {
	if path, err := exec.LookPath("clickhouse"); err == nil {
		err := canListen(ctx, path)
		if err == nil {
			return []string{path, "local"}, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		cfg.Log.Info("the clickhouse on PATH cannot be used, looking for the library", "path", path, "err", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	library, err := findLibrary(ctx, cfg)
	if err != nil {
		return nil, err
	}
	// The library takes its first argument for the name of the program.
	return []string{self, childArg, library, "clickhouse-local"}, nil
}

// canListen asks a binary whether its clickhouse-local knows how to listen,
// as that of 26.7 does; older ones refuse the option.
func canListen(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, path, "local", "--listen_host=127.0.0.1", "--query", "SELECT version()")
	cmd.Env = environment()
	cmd.Dir = os.TempDir()
	cmd.WaitDelay = exitDelay
	said := &tail{}
	cmd.Stderr = said
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	if len(strings.TrimSpace(string(out))) == 0 {
		return fmt.Errorf("it does not tell its version: %s", said)
	}
	return nil
}

func findLibrary(ctx context.Context, cfg Config) (string, error) {
	if !canLoad {
		return "", errors.New("this build cannot load ClickHouse as a library: put a clickhouse binary, version 26.7 or newer, on PATH")
	}
	if path := os.Getenv(libraryEnv); path != "" {
		path, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s must be the path of a libchdb.so: %w", libraryEnv, err)
		}
		return path, nil
	}
	rel, err := releaseFor(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", err
	}
	cache, err := cacheDir(cfg.CacheDir)
	if err != nil {
		return "", err
	}
	return fetcher{release: rel, dir: cache, progress: cfg.Progress}.library(ctx)
}

func cacheDir(dir string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep the ClickHouse library in: %w", err)
	}
	return filepath.Join(dir, "whence"), nil
}
