package clickhouse

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// npm is a client that hands out one package and counts how often it did.
type npm struct {
	integrity string
	calls     string // a file with a line for each download
}

// fakeNpm puts an npm on PATH whose package holds the given files.
func fakeNpm(t *testing.T, files map[string]string) npm {
	t.Helper()
	packed := pack(t, files)
	dir := t.TempDir()
	tgz := filepath.Join(dir, "package.tgz")
	if err := os.WriteFile(tgz, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(packed)
	n := npm{
		integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:]),
		calls:     filepath.Join(dir, "calls"),
	}
	path := os.Getenv("PATH") // for cp
	script(t, "npm", `
PATH='`+path+`'
case $1 in
pack) echo "$@" >>'`+n.calls+`'; cp '`+tgz+`' "$4/lib.tgz" ;;
view) echo '"`+n.integrity+`"' ;;
esac
`)
	return n
}

func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	w := tar.NewWriter(zip)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func fetching(t *testing.T, integrity string) fetcher {
	return fetcher{
		release:  release{name: "@chdb/lib-test", platform: "test", integrity: integrity},
		dir:      t.TempDir(),
		progress: func(string, int64, int64) {},
	}
}

func TestFetchOnce(t *testing.T) {
	n := fakeNpm(t, map[string]string{"package/package.json": "{}", "package/libchdb.so": "engine"})
	for name, integrity := range map[string]string{"pinned": n.integrity, "asked": ""} {
		t.Run(name, func(t *testing.T) {
			if err := os.RemoveAll(n.calls); err != nil {
				t.Fatal(err)
			}
			f := fetching(t, integrity)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					path, err := f.library(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					if got, err := os.ReadFile(path); string(got) != "engine" {
						t.Errorf("got %q, %v", got, err)
					}
				})
			}
			wg.Wait()
			calls, err := os.ReadFile(n.calls)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(string(calls), "pack @chdb/lib-test@"+releaseVersion); got != 1 {
				t.Errorf("fetched %d times:\n%s", got, calls)
			}
			wantOnly(t, f, "libchdb.so", "lock")
		})
	}
}

func TestFetchRefused(t *testing.T) {
	whole := map[string]string{"package/libchdb.so": "engine"}
	t.Run("integrity", func(t *testing.T) {
		n := fakeNpm(t, whole)
		f := fetching(t, strings.Replace(n.integrity, "sha512-", "sha512-x", 1))
		if _, err := f.library(t.Context()); !errors.Is(err, errIntegrity) {
			t.Fatalf("got %v, want %v", err, errIntegrity)
		}
		wantOnly(t, f, "lock")
	})
	t.Run("no library inside", func(t *testing.T) {
		n := fakeNpm(t, map[string]string{"package/other.so": "engine"})
		f := fetching(t, n.integrity)
		if _, err := f.library(t.Context()); err == nil || !strings.Contains(err.Error(), "no libchdb.so") {
			t.Fatalf("got %v", err)
		}
		wantOnly(t, f, "lock")
	})
	t.Run("npm fails", func(t *testing.T) {
		script(t, "npm", "echo 'npm error network: no route' >&2; exit 1")
		f := fetching(t, "sha512-")
		if _, err := f.library(t.Context()); err == nil || !strings.Contains(err.Error(), "no route") {
			t.Fatalf("got %v, want what npm said", err)
		}
		wantOnly(t, f, "lock")
	})
	t.Run("not a package", func(t *testing.T) {
		f := fetching(t, "")
		file := filepath.Join(t.TempDir(), "x.tgz")
		if err := os.WriteFile(file, []byte("not gzip"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.unpack(t.Context(), file, file+".out"); err == nil {
			t.Fatal("no error")
		}
	})
}

// wantOnly checks that the cache holds these files and nothing else.
func wantOnly(t *testing.T, f fetcher, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(f.dir, "libchdb-"+releaseVersion, "test"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("in the cache: %q, want %q", got, want)
	}
}

func TestTail(t *testing.T) {
	var out tail
	for range 3 {
		if _, err := out.Write(bytes.Repeat([]byte("a"), tailBytes-1)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := out.Write([]byte("end\n")); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); len(got) != tailBytes-1 || !strings.HasSuffix(got, "aaend") {
		t.Errorf("got %d bytes, %q at the end", len(got), got[len(got)-5:])
	}
}
