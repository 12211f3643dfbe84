package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// maxDirectoryBytes bounds the operator's directory: some 200,000 people.
const maxDirectoryBytes = 64 << 20

// loadDirectory reads the operator's directory from files and folders. It reports
// everything that is wrong with it, each problem with its line. Without a path there
// is no directory: nil. With a topic, which holds entries too, the files are not all
// of it: then they are only checked by themselves.
func loadDirectory(s directorySettings) (*correlate.Directory, error) {
	if len(s.Path) == 0 {
		return nil, nil
	}
	var r roster
	r.readFiles(s.Path)
	if s.Topic != "" {
		return nil, wrongDirectory(r.problems...)
	}
	return r.directory()
}

func wrongDirectory(problems ...error) error {
	if err := errors.Join(problems...); err != nil {
		return wrong(fmt.Errorf("the directory is wrong:\n%w", err))
	}
	return nil
}

// A roster is a directory while it is read, with what is wrong with it.
type roster struct {
	file      string // that is being read, or record
	version   uint32
	versioned string // where the version stands
	entries   []correlate.Entry
	problems  []error
}

// directory is what was read, checked as a whole.
func (r *roster) directory() (*correlate.Directory, error) {
	d, err := correlate.NewDirectory(r.version, r.entries)
	if err := wrongDirectory(append(r.problems, err)...); err != nil {
		return nil, err
	}
	return d, nil
}

// section is one list of the directory: the type its entries have if they do not
// say, and those they may have.
type section struct {
	list, kind string // in YAML, and in CSV and JSON
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
		Aliases: aliases, Line: r.at(line),
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

// raise sets the version, which one place may hold.
func (r *roster) raise(line int, version uint32) {
	if r.versioned != "" {
		r.refuse(line, "the version stands at %s already; keep one", r.versioned)
		return
	}
	r.version, r.versioned = version, r.at(line)
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
	r.problems = append(r.problems, fmt.Errorf("%s: %s", r.at(line), fmt.Sprintf(format, args...)))
}

// at names a place in what is being read; line 0 is all of it.
func (r *roster) at(line int) string {
	if line == 0 {
		return r.file
	}
	return fmt.Sprintf("%s:%d", r.file, line)
}
