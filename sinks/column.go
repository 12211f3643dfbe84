package sinks

import (
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// A column is one column of a ClickHouse table: how to take its values out of
// rows, and how to put a value that was read back into a row.
type column[T any] struct {
	name string
	// take copies the column's values: what it returns shares no slice with rows.
	take func(rows []T) (values, error)
	// place returns what to scan a value into, and what then puts it into a row.
	place func() (dest any, put func(*T) error)
}

// values is what a block holds for one column. An insert may send it many times.
type values struct {
	bytes int // roughly, in memory
	// none says that all values are what the server fills in for a column that an
	// insert leaves out: half of the columns of most inserts. So no column may
	// have a default of its own in the schema.
	none bool
	send func(driver.BatchColumn) error
}

// scalar is a column of one value per row, of a type that clickhouse-go knows.
func scalar[T any, V comparable](name string, get func(*T) (V, error), set func(*T, V) error) column[T] {
	return column[T]{
		name: name,
		take: func(rows []T) (values, error) {
			var vs []V // made when a value is not zero
			var zero V
			n, count := 0, len(rows) // the rows themselves must not stay with send
			for i := range rows {
				v, err := get(&rows[i])
				if err != nil {
					return values{}, err
				}
				if v == zero {
					continue
				}
				if vs == nil {
					vs = make([]V, count)
				}
				vs[i] = v
				n += size(v)
			}
			return values{n, vs == nil, func(c driver.BatchColumn) error {
				if vs == nil {
					return c.Append(make([]V, count))
				}
				return c.Append(vs)
			}}, nil
		},
		place: func() (any, func(*T) error) {
			v := new(V)
			return v, func(t *T) error { return set(t, *v) }
		},
	}
}

// field is a scalar that is a field of the row.
func field[T any, V comparable](name string, of func(*T) *V) column[T] {
	return scalar(name,
		func(t *T) (V, error) { return *of(t), nil },
		func(t *T, v V) error { *of(t) = v; return nil })
}

// text is a field of a string type.
func text[T any, S ~string](name string, of func(*T) *S) column[T] {
	return scalar(name,
		func(t *T) (string, error) { return string(*of(t)), nil },
		func(t *T, v string) error { *of(t) = S(v); return nil })
}

// list is a column of arrays: one value for each element of a slice in the row.
// Several lists over one slice make parallel arrays.
func list[T, E, V any](name string, of func(*T) *[]E, get func(*E) V, set func(*E, V) error) column[T] {
	return column[T]{
		name: name,
		take: func(rows []T) (values, error) {
			total, count := 0, len(rows)
			for i := range rows {
				total += len(*of(&rows[i]))
			}
			if total == 0 {
				return values{0, true, func(c driver.BatchColumn) error { return rowByRow(make([][]V, count))(c) }}, nil
			}
			flat, n := make([]V, 0, total), 24*count
			arrays := make([][]V, count)
			for i := range rows {
				es, from := *of(&rows[i]), len(flat)
				for j := range es {
					v := get(&es[j])
					flat = append(flat, v)
					n += size(v)
				}
				arrays[i] = flat[from:len(flat):len(flat)]
			}
			return values{n, false, rowByRow(arrays)}, nil
		},
		place: func() (any, func(*T) error) {
			vs := new([]V)
			return vs, func(t *T) error {
				es := of(t)
				if n := len(*vs); len(*es) < n {
					*es = append(slices.Clip(*es), make([]E, n-len(*es))...)
				}
				for i, v := range *vs {
					if err := set(&(*es)[i], v); err != nil {
						return err
					}
				}
				return nil
			}
		},
	}
}

// rowByRow sends arrays one at a time: clickhouse-go walks a slice of slices with
// reflection.
func rowByRow[V any](arrays [][]V) func(driver.BatchColumn) error {
	return func(c driver.BatchColumn) error {
		for _, a := range arrays {
			if err := c.AppendRow(a); err != nil {
				return err
			}
		}
		return nil
	}
}

// texts is a list of a string field of the elements.
func texts[T, E any, S ~string](name string, of func(*T) *[]E, ref func(*E) *S) column[T] {
	return list(name, of,
		func(e *E) string { return string(*ref(e)) },
		func(e *E, v string) error { *ref(e) = S(v); return nil })
}

// size is roughly what a value takes in memory.
func size(v any) int {
	if s, ok := v.(string); ok {
		return 16 + len(s)
	}
	return 8
}
