package sinks

import (
	"strconv"
	"time"

	"whence/correlate"
)

// A document is JSON that is being written, by appending. Members that hold nothing
// are left out. It makes no memory but what the text needs.
type document struct {
	b   []byte
	err error // of a time that no text can hold
}

// name begins a member. The byte before says whether it is the first of its object.
func (d *document) name(n string) {
	d.comma()
	d.b = append(append(append(d.b, '"'), n...), '"', ':')
}

// comma parts what follows from what is there.
func (d *document) comma() {
	if c := d.b[len(d.b)-1]; c != '{' && c != '[' {
		d.b = append(d.b, ',')
	}
}

// open begins a member that is an object, and begin one of a list.
func (d *document) open(n string) {
	d.name(n)
	d.b = append(d.b, '{')
}

func (d *document) begin() {
	d.comma()
	d.b = append(d.b, '{')
}

func (d *document) end() { d.b = append(d.b, '}') }

func (d *document) list(n string) {
	d.name(n)
	d.b = append(d.b, '[')
}

func (d *document) endList() { d.b = append(d.b, ']') }

// text writes a member unless it is empty.
func (d *document) text(n, s string) {
	if s != "" {
		d.name(n)
		d.b = appendString(d.b, s)
	}
}

// word writes a member that is one of our own words, which need no look at every byte.
func (d *document) word(n, s string) {
	d.name(n)
	d.b = append(append(append(d.b, '"'), s...), '"')
}

// item writes a text of a list.
func (d *document) item(s string) {
	d.comma()
	d.b = appendString(d.b, s)
}

// texts writes a list unless it is empty.
func (d *document) texts(n string, ss []string) {
	if len(ss) > 0 {
		d.name(n)
		d.b = appendStrings(d.b, ss)
	}
}

func (d *document) number(n string, v int64) {
	d.name(n)
	d.b = strconv.AppendInt(d.b, v, 10)
}

func (d *document) flag(n string, v bool) {
	d.name(n)
	d.b = strconv.AppendBool(d.b, v)
}

// amount writes a number with a fraction.
func (d *document) amount(n string, v float64) {
	d.name(n)
	d.b = appendFloat(d.b, v)
}

func (d *document) id(n string, id correlate.ID) {
	d.name(n)
	d.b = appendJSONID(d.b, id)
}

// instant writes a time as RFC 3339 has it, unless it is zero.
func (d *document) instant(n string, t time.Time) {
	if t.IsZero() {
		return
	}
	d.name(n)
	b, err := appendJSONTime(d.b, t.UTC())
	if err != nil {
		d.err, b = err, append(b, `null`...)
	}
	d.b = b
}
