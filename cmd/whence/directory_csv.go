package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// readCSV reads a directory with a line of column names, of which kind and id
// must be there: kind is person, service or schedule, and aliases are separated
// by semicolons.
func (r *roster) readCSV(b []byte) {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	in.TrimLeadingSpace = true
	in.FieldsPerRecord = -1 // columns at the end may be left out
	columns, err := in.Read()
	if errors.Is(err, io.EOF) {
		return // an empty directory
	}
	if err != nil {
		r.refuse(0, "%v", err)
		return
	}
	if !r.columns(columns) {
		return
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.refuse(0, "%v", err) // it names the line
			return
		}
		line, _ := in.FieldPos(0)
		r.row(line, columns, row)
	}
}

// columns reports whether the first line can be gone by.
func (r *roster) columns(columns []string) bool {
	before := len(r.problems)
	for i, c := range columns {
		columns[i] = strings.ToLower(strings.TrimSpace(c))
		if columns[i] != "kind" && !slices.Contains(fields, columns[i]) {
			r.refuse(1, "unknown column %q; there are kind, %s", c, strings.Join(fields, ", "))
		}
		if slices.Contains(columns[:i], columns[i]) {
			r.refuse(1, "column %q is there twice", c)
		}
	}
	for _, c := range []string{"kind", "id"} {
		if !slices.Contains(columns, c) {
			r.refuse(1, "the first line names the columns, and %s must be among them", c)
		}
	}
	return len(r.problems) == before
}

func (r *roster) row(line int, columns, row []string) {
	if len(row) > len(columns) {
		r.refuse(line, "there are %d values and %d columns; put a value with a comma into quotes", len(row), len(columns))
		return
	}
	text := map[string]string{}
	for i, value := range row {
		text[columns[i]] = strings.TrimSpace(value)
	}
	s := slices.IndexFunc(sections, func(s section) bool { return s.kind == strings.ToLower(text["kind"]) })
	if s < 0 {
		r.refuse(line, "kind %q: want person, service or schedule", text["kind"])
		return
	}
	var aliases []string
	for a := range strings.SplitSeq(text["aliases"], ";") {
		if a = strings.TrimSpace(a); a != "" {
			aliases = append(aliases, a)
		}
	}
	r.add(sections[s], line, text, aliases)
}
