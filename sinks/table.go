package sinks

import (
	"fmt"
	"slices"
	"strings"
)

// A table is a ClickHouse table of rows that are made from Ts.
type table[T any] struct {
	name    string
	columns []column[T]
}

// A block holds rows of one table, column by column, ready to be sent any number
// of times. It keeps nothing of the rows it was made from but their strings.
type block struct {
	table   string
	names   []string
	rows    int
	bytes   int
	columns []values
}

// block encodes rows.
func (t table[T]) block(rows []T) (block, error) {
	if len(rows) == 0 {
		return block{}, nil
	}
	b := block{table: t.name, names: t.names(), rows: len(rows), columns: make([]values, len(t.columns))}
	for i, c := range t.columns {
		vs, err := c.take(rows)
		if err != nil {
			return block{}, fmt.Errorf("column %s of %s: %w", c.name, t.name, err)
		}
		b.columns[i] = vs
		b.bytes += vs.bytes
	}
	return b, nil
}

// scanner returns what to scan a result row into, and what then makes a T of it.
func (t table[T]) scanner() (dests []any, row func() (T, error)) {
	puts := make([]func(*T) error, len(t.columns))
	dests = make([]any, len(t.columns))
	for i, c := range t.columns {
		dests[i], puts[i] = c.place()
	}
	return dests, func() (T, error) {
		var v T
		for i, put := range puts {
			if err := put(&v); err != nil {
				return v, fmt.Errorf("column %s of %s: %w", t.columns[i].name, t.name, err)
			}
		}
		return v, nil
	}
}

func (t table[T]) names() []string {
	ns := make([]string, len(t.columns))
	for i, c := range t.columns {
		ns[i] = c.name
	}
	return ns
}

// selection is the list of the table's columns for a SELECT; alias, if given, is
// the table's name there.
func (t table[T]) selection(alias string) string {
	if alias != "" {
		alias += "."
	}
	ns := t.names()
	for i, n := range ns {
		ns[i] = alias + "`" + n + "`"
	}
	return strings.Join(ns, ", ")
}

// used is the places of the columns that any of blocks has values for.
func used(blocks []block) []int {
	var is []int
	for i := range blocks[0].columns {
		if slices.ContainsFunc(blocks, func(b block) bool { return !b.columns[i].none }) {
			is = append(is, i)
		}
	}
	return is
}

// insertInto is the statement that takes rows of a table.
func insertInto(database, table string, columns []string) string {
	return fmt.Sprintf("INSERT INTO `%s`.`%s` (`%s`)", database, table, strings.Join(columns, "`, `"))
}
