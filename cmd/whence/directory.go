package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// maxDirectoryBytes bounds the operator's directory: some 200,000 people.
const maxDirectoryBytes = 64 << 20

// loadDirectory reads the operator's directory, CSV if the file's name ends so
// and YAML otherwise. It reports everything that is wrong with it, each problem
// with its line. Without a path there is no directory: nil.
func loadDirectory(path string) (*correlate.Directory, error) {
	if path == "" {
		return nil, nil
	}
	d, err := readDirectory(path)
	if err != nil {
		return nil, wrong(fmt.Errorf("the directory is wrong:\n%w", err))
	}
	return d, nil
}

func readDirectory(path string) (*correlate.Directory, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxDirectoryBytes {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", path, info.Size(), maxDirectoryBytes)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := roster{file: filepath.Base(path)}
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		r.readCSV(b)
	} else {
		r.readYAML(b)
	}
	d, err := correlate.NewDirectory(r.version, r.entries)
	return d, errors.Join(errors.Join(r.problems...), err)
}

// A roster is a directory while it is read, with what is wrong with it.
type roster struct {
	file     string
	version  uint32
	entries  []correlate.Entry
	problems []error
}

// section is one list of the directory: the type its entries have if they do not
// say, and those they may have.
type section struct {
	list, kind string // in YAML and in CSV
	types      []correlate.PrincipalType
}

var sections = []section{
	{"people", "person", []correlate.PrincipalType{correlate.Human}},
	{"services", "service", []correlate.PrincipalType{
		correlate.ServiceAccount, correlate.Workload, correlate.Agent, correlate.CIRun, correlate.RoleType, correlate.APIKey,
	}},
	{"schedules", "schedule", []correlate.PrincipalType{correlate.Schedule}},
}

// fields are the keys of an entry.
var fields = []string{"id", "name", "type", "unit", "owner", "manager", "from", "until", "aliases"}

// add makes an entry of what a file says at a line.
func (r *roster) add(s section, line int, text map[string]string, aliases []string) {
	refuse := func(format string, args ...any) { r.refuse(line, format, args...) }
	e := correlate.Entry{
		ID: text["id"], Name: text["name"], Unit: text["unit"],
		// People are named by their e-mail in lower case, as in every chain.
		Owner: strings.ToLower(text["owner"]), Manager: strings.ToLower(text["manager"]),
		Type:    cmp.Or(correlate.PrincipalType(text["type"]), s.types[0]),
		Aliases: aliases, Line: fmt.Sprintf("%s:%d", r.file, line),
	}
	if s.list == "people" {
		e.ID = strings.ToLower(e.ID)
	}
	if !slices.Contains(s.types, e.Type) {
		refuse("type %q of %q: one of the %s is %s", e.Type, e.ID, s.list, oneOf(s.types))
	}
	for key, t := range map[string]*time.Time{"from": &e.From, "until": &e.Until} {
		var ok bool
		if *t, ok = day(text[key]); !ok {
			refuse("%s %q of %q: want a day such as 2026-03-01", key, text[key], e.ID)
		}
	}
	if !e.From.IsZero() && !e.Until.IsZero() && e.Until.Before(e.From) {
		refuse("%q left before joining", e.ID)
	}
	r.entries = append(r.entries, e)
}

// day reads a day or a moment; no text is the zero time.
func day(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func oneOf(types []correlate.PrincipalType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}

func (r *roster) refuse(line int, format string, args ...any) {
	at := r.file
	if line > 0 {
		at = fmt.Sprintf("%s:%d", r.file, line)
	}
	r.problems = append(r.problems, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
}
