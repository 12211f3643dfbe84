package index

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"whence/correlate"
)

// kept writes a store of some keys, closes it and returns its file of keys.
func keptIn(t *testing.T, dir string, from, n int) string {
	t.Helper()
	p := openPebble(t, dir)
	sifts(p)
	for i := range n {
		put(t, p, nil, account(key(from+i), "a", day))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	files := glob(t, dir, keepsakeNamed+"*")
	if len(files) != 1 {
		t.Fatalf("files of keys: %v", files)
	}
	return files[0]
}

func TestKeysAreKeptForTheNextStart(t *testing.T) {
	dir := t.TempDir()
	for life := range 3 {
		keptIn(t, dir, 1000*life, 1000)
	}
	p := openPebble(t, dir)
	defer p.Close()
	if p.Sifting() != "" || p.known.sieve.Load() == nil {
		t.Fatalf("rows are read for their keys: %s", p.Sifting())
	}
	for i := range 3000 {
		if p.Lacks(key(i)) {
			t.Fatalf("key %d is lacked", i)
		}
	}
	if !lacksMost(p, 10_000) {
		t.Error("the store does not know what it lacks")
	}
}

// Whatever is not the file that the store was written with is found out, counted, told
// of once and made anew.
func TestWrongKeepsakesAreFoundOut(t *testing.T) {
	rewrite := func(t *testing.T, path string, change func([]byte) []byte) {
		t.Helper()
		b, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, change(b), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, spoil := range map[string]func(t *testing.T, path string, older []byte){
		"deleted": func(t *testing.T, path string, _ []byte) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"empty": func(t *testing.T, path string, _ []byte) {
			rewrite(t, path, func([]byte) []byte { return nil })
		},
		"truncated": func(t *testing.T, path string, _ []byte) {
			rewrite(t, path, func(b []byte) []byte { return b[:len(b)-8] })
		},
		"a bit is wrong": func(t *testing.T, path string, _ []byte) {
			rewrite(t, path, func(b []byte) []byte { b[len(b)/2] ^= 4; return b })
		},
		"its head is wrong": func(t *testing.T, path string, _ []byte) {
			rewrite(t, path, func(b []byte) []byte { return append(bytes.Repeat([]byte{0xff}, 80), b[80:]...) })
		},
		"older": func(t *testing.T, path string, older []byte) {
			rewrite(t, path, func([]byte) []byte { return older })
		},
		"of another store": func(t *testing.T, path string, _ []byte) {
			other := keptIn(t, t.TempDir(), 50_000, 3000)
			rewrite(t, other, func(b []byte) []byte {
				rewrite(t, path, func([]byte) []byte { return b })
				return b
			})
		},
		"a directory": func(t *testing.T, path string, _ []byte) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t)
			dir := t.TempDir()
			older, err := os.ReadFile(keptIn(t, dir, 0, 1000))
			if err != nil {
				t.Fatal(err)
			}
			spoil(t, keptIn(t, dir, 1000, 1000), older)
			p := openPebble(t, dir)
			if p.Rebuilt() != "" || p.Sifting() == "" {
				t.Fatalf("rebuilt %q, sifting %q; want the latter", p.Rebuilt(), p.Sifting())
			}
			var log bytes.Buffer
			table, err := Open(t.Context(), b.cfg, b.opts(), p, kinds(), slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			sifts(p)
			if n := strings.Count(log.String(), p.Sifting()[:20]); n != 1 || table.Stats().Sifted != 1 {
				t.Errorf("counted %d and told of %d times; want 1:\n%s", table.Stats().Sifted, n, &log)
			}
			for i := range 2000 {
				if p.Lacks(key(i)) {
					t.Fatalf("key %d is lacked", i)
				}
			}
			if !lacksMost(p, 10_000) {
				t.Error("the store does not know what it lacks")
			}
			if err := table.Close(); err != nil {
				t.Fatal(err)
			}
			p = openPebble(t, dir)
			defer p.Close()
			if p.Sifting() != "" || p.Lacks(key(1)) || !lacksMost(p, 10_000) {
				t.Errorf("the keys were not kept again: %q", p.Sifting())
			}
		})
	}
}

// A sieve that grows, and is written on and anew, comes back bit by bit.
func TestKeepsakeIsTheSieve(t *testing.T) {
	fs, dir := vfs.NewMem(), "dir"
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := newSieve(0)
	k, err := newKeepsake(fs, dir, s)
	if err != nil {
		t.Fatal(err)
	}
	n, anew := sieveKeys+sieveKeys/4, 0
	if testing.Short() {
		n = sieveKeys / 8
	}
	for i := range n {
		if hash := s.hash(key(i)); !s.addHash(hash) {
			k.add(hash)
		}
		if i%1000 > 0 && i < n-1 {
			continue
		}
		if !k.full() {
			if err := k.write(); err != nil {
				t.Fatal(err)
			}
		} else {
			anew++
			if err := k.close(); err != nil {
				t.Fatal(err)
			}
			if k, err = newKeepsake(fs, dir, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !testing.Short() && anew == 0 {
		t.Error("it was never written anew")
	}
	note, err := readKeepsakeNote(k.note.append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openKeepsake(fs, dir, note)
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	got, want := *again.of.layers.Load(), *s.layers.Load()
	if len(got) != len(want) || again.of.keys.Load() != s.keys.Load() || again.of.seed != s.seed {
		t.Fatalf("%d layers with %d keys, want %d with %d", len(got), again.of.keys.Load(), len(want), s.keys.Load())
	}
	for i := range want {
		if g, w := got[i].room.Load(), max(0, want[i].room.Load()); g != w && i == len(want)-1 {
			t.Errorf("layer %d: room for %d, want %d", i, g, w)
		}
		for j := range want[i].words {
			if got[i].words[j].Load() != want[i].words[j].Load() {
				t.Fatalf("layer %d: word %d differs", i, j)
			}
		}
	}
}

// A sweep that makes the sieve anew has it kept anew.
func TestResiftedKeysAreKept(t *testing.T) {
	dir := t.TempDir()
	keptIn(t, dir, 0, 100)
	p := openPebble(t, dir)
	put(t, p, nil, account(correlate.Key{Kind: session, Value: "late"}, "a", day))
	if err := p.resift(func() {}); err != nil {
		t.Fatal(err)
	}
	put(t, p, nil, account(key(200), "a", day))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, keepsakeNamed+"*")); err != nil || len(files) > 2 {
		t.Errorf("files %v, %v", files, err)
	}
	p = openPebble(t, dir)
	defer p.Close()
	if p.Sifting() != "" || p.Lacks(key(200)) || p.Lacks(key(50)) || !lacksMost(p, 10_000) {
		t.Errorf("sifting %q", p.Sifting())
	}
}
