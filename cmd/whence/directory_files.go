package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A directory may be several files, and folders of them. They are one directory: an
// entry of one may be owned by somebody of another, and none may be there twice.

// readFiles reads files and folders, CSV where a file's name ends so and YAML
// otherwise.
func (r *roster) readFiles(paths []string) {
	files, err := directoryFiles(paths)
	if err != nil {
		r.problems = append(r.problems, err)
	}
	var size int64
	for _, f := range files {
		if size += f.size; size > maxDirectoryBytes {
			r.problems = append(r.problems, fmt.Errorf("%s: the directory has more than %d bytes with it; no more are read", f.path, maxDirectoryBytes))
			return
		}
		b, err := os.ReadFile(f.path)
		if err != nil {
			r.problems = append(r.problems, err)
			continue
		}
		if r.file = filepath.Base(f.path); len(files) > 1 {
			r.file = f.path // two folders may have a file of one name
		}
		if strings.EqualFold(filepath.Ext(f.path), ".csv") {
			r.readCSV(b)
		} else {
			r.readYAML(b)
		}
	}
}

// A directoryFile is one file of the directory, as it looks from outside.
type directoryFile struct {
	path    string
	size    int64
	changed time.Time
}

// directoryFiles lists the files at paths: each path itself, and of folders the YAML
// and CSV files in them, in the order of their names. Hidden ones are none: that is
// where Kubernetes keeps the versions of a mounted folder.
func directoryFiles(paths []string) ([]directoryFile, error) {
	var files []directoryFile
	var errs []error
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			errs = append(errs, err)
		case info.IsDir():
			in, err := filesIn(path)
			files, errs = append(files, in...), append(errs, err)
		default:
			files = append(files, directoryFile{path, info.Size(), info.ModTime()})
		}
	}
	seen := map[string]bool{}
	files = slices.DeleteFunc(files, func(f directoryFile) bool {
		was := seen[f.path]
		seen[f.path] = true
		return was
	})
	return files, errors.Join(errs...)
}

func filesIn(folder string) (files []directoryFile, err error) {
	names, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if strings.HasPrefix(n.Name(), ".") || !slices.Contains(directoryForms, strings.ToLower(filepath.Ext(n.Name()))) {
			continue
		}
		path := filepath.Join(folder, n.Name())
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went in between
		}
		if err != nil {
			return files, err
		}
		if info.Mode().IsRegular() {
			files = append(files, directoryFile{path, info.Size(), info.ModTime()})
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no .yaml, .yml or .csv file is in it", folder)
	}
	return files, nil
}

var directoryForms = []string{".yaml", ".yml", ".csv"}
