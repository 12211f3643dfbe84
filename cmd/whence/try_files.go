package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// stdin is the path that stands for standard input.
const stdin = "-"

// logFiles is what was found at the paths of a command line.
type logFiles struct {
	files   []string
	skipped map[string]int // files left out, by why
	err     error          // of paths that cannot be read, joined
}

// findLogs lists the files at paths: each path itself, and of folders the files
// below them, in sorted order.
func findLogs(paths []string) logFiles {
	found := logFiles{skipped: map[string]int{}}
	for _, path := range paths {
		if path == stdin {
			found.files = append(found.files, path)
			continue
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			found.err = errors.Join(found.err, err)
		case info.IsDir():
			found.err = errors.Join(found.err, filepath.WalkDir(path, found.below(path)))
		default:
			found.files = append(found.files, path)
		}
	}
	return found
}

// below looks at what is in a folder.
func (l *logFiles) below(root string) fs.WalkDirFunc {
	return func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			l.err = errors.Join(l.err, err)
			return nil
		}
		hidden := path != root && strings.HasPrefix(d.Name(), ".")
		switch {
		case hidden && d.IsDir():
			l.skipped["hidden folder"]++
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		why := noLog(d.Name())
		if info, err := os.Stat(path); why == "" && (err != nil || !info.Mode().IsRegular()) {
			why = "no regular file"
		}
		if why != "" {
			l.skipped[why]++
			return nil
		}
		l.files = append(l.files, path)
		return nil
	}
}

// noLog says why a file in a folder is plainly no log, or "".
func noLog(name string) string {
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case strings.HasPrefix(name, "."):
		return "hidden"
	case slices.Contains([]string{".txt", ".md", ".csv", ".yaml", ".yml"}, ext):
		return ext
	case strings.HasSuffix(name, "-expected.json"):
		return "-expected.json"
	case name == "truth.ndjson":
		return "truth.ndjson" // whence simulate writes it beside its logs
	}
	return ""
}

// skips tells how many files were left out, and why.
func (l *logFiles) skips() string {
	total, parts := 0, []string{}
	for _, why := range slices.Sorted(maps.Keys(l.skipped)) {
		total += l.skipped[why]
		parts = append(parts, fmt.Sprintf("%d %s", l.skipped[why], why))
	}
	return fmt.Sprintf("%s, by the name no logs: %s", count(total, "file"), strings.Join(parts, ", "))
}

// maxZstdWindow bounds the memory that a compressed file can ask for.
const maxZstdWindow = 512 << 20

// openLog opens a file, and decompresses it if its first bytes say that it is
// compressed. The caller closes it.
func openLog(path string, in io.Reader) (io.Reader, func() error, error) {
	closeFile := func() error { return nil }
	if path != stdin {
		f, err := os.Open(path)
		if err != nil {
			return nil, nil, err
		}
		in, closeFile = f, f.Close
	}
	r, err := decompressed(bufio.NewReaderSize(in, 64<<10))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", path, err), closeFile())
	}
	return r, func() error {
		if z, ok := r.(*zstd.Decoder); ok {
			z.Close()
		}
		return closeFile()
	}, nil
}

func decompressed(in *bufio.Reader) (io.Reader, error) {
	magic, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(in)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
	}
	return in, nil
}
