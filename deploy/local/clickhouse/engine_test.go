package clickhouse

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// script puts an executable of this name and text into a folder of its own,
// which becomes the whole PATH but for the shell's folders.
func script(t *testing.T, name, text string) (path string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return path
}

func TestEngineOnPath(t *testing.T) {
	path := script(t, "clickhouse", `
case "$*" in
"local --listen_host=127.0.0.1 --query SELECT version()") echo 26.8.1.1 ;;
*) for a in "$@"; do echo "<$a>"; done >&2; exit 3 ;;
esac
`)
	got, err := findEngine(t.Context(), Config{}.quiet())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{path, "local"}, got); diff != "" {
		t.Error(diff)
	}
	// The options as the program sees them.
	dir := t.TempDir()
	_, err = Start(t.Context(), Config{Dir: dir, TCPPort: 0})
	for _, want := range []string{
		"exit status 3", "<local>\n<--path=" + dir + ">\n<--listen_host=127.0.0.1>\n<--tcp_port=",
		"<--query>\n<SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("got %v, want %q in it", err, want)
		}
	}
}

func TestOldEngineOnPathIsPassedOver(t *testing.T) {
	script(t, "clickhouse", "echo \"Code: 552. DB::Exception: Unrecognized option '--listen_host=127.0.0.1'.\" >&2; exit 40")
	lib := library(t)
	got, err := findEngine(t.Context(), Config{}.quiet())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{childArg, lib, "clickhouse-local"}, got[1:]); diff != "" {
		t.Error(diff)
	}
}

func TestLibraryByEnvironment(t *testing.T) {
	t.Setenv("PATH", "")
	lib := library(t)
	got, err := findEngine(t.Context(), Config{}.quiet())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{childArg, lib, "clickhouse-local"}, got[1:]); diff != "" {
		t.Error(diff)
	}
	// What is no library is told by the process that loads it.
	_, err = Start(t.Context(), Config{Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "load the library") {
		t.Fatalf("got %v, want the error of loading", err)
	}
	t.Setenv(libraryEnv, lib+".gone")
	if _, err := findEngine(t.Context(), Config{}.quiet()); err == nil || !strings.Contains(err.Error(), libraryEnv) {
		t.Fatalf("got %v, want %s named", err, libraryEnv)
	}
}

// library makes a file and names it in the environment.
func library(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), libraryName)
	if err := os.WriteFile(path, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(libraryEnv, path)
	return path
}

func TestNothingThere(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv(libraryEnv, "")
	_, err := Start(t.Context(), Config{Dir: t.TempDir(), CacheDir: t.TempDir()})
	if !errors.Is(err, errNoNpm) {
		t.Fatalf("got %v, want %v", err, errNoNpm)
	}
	for _, want := range []string{"npm", libraryEnv, "clickhouse binary"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}

func TestSecretsStayHere(t *testing.T) {
	t.Setenv("WHENCE_CLICKHOUSE_PASSWORD", "hunter2")
	if env := strings.Join(environment(), "\n"); strings.Contains(env, "hunter2") {
		t.Error("the engine gets our whole environment")
	}
}

func TestReleases(t *testing.T) {
	for _, p := range [][2]string{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}} {
		if _, err := releaseFor(p[0], p[1]); err != nil {
			t.Error(err)
		}
	}
	if _, err := releaseFor("plan9", "mips"); err == nil {
		t.Error("plan9-mips: no error")
	}
}
