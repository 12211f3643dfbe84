package sinks

import (
	"strconv"
	"time"

	"whence/correlate"
)

// An object writes a JSON object that begins with its first member: one without
// members is nothing at all.
type object struct {
	b     []byte
	at    int  // where the object begins
	inner bool // a member that is an object is open
	err   error
}

// name begins a member.
func (o *object) name(n string) {
	open := byte(',')
	if len(o.b) == o.at {
		open = '{'
	}
	o.b = append(append(append(o.b, open, '"'), n...), '"', ':')
}

// place begins a member of the member n, which is an object of places.
func (o *object) place(n string, i int) {
	if !o.inner {
		o.name(n)
		o.b, o.inner = append(o.b, '{'), true
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(strconv.AppendInt(append(o.b, '"'), int64(i), 10), '"', ':')
}

// end ends the member that is an object, if one was begun.
func (o *object) end() {
	if o.inner {
		o.b, o.inner = append(o.b, '}'), false
	}
}

func (o *object) close() []byte {
	if len(o.b) > o.at {
		o.b = append(o.b, '}')
	}
	return o.b
}

func (o *object) names(n string, names []string) {
	if len(names) > 0 {
		o.name(n)
		o.b = appendStrings(o.b, names)
	}
}

// time keeps a time that no column can hold.
func (o *object) time(n string, t time.Time) {
	if !exact(t) {
		o.name(n)
		o.instant(t)
	}
}

func (o *object) timeAt(n string, i int, t time.Time) {
	if !exact(t) {
		o.place(n, i)
		o.instant(t)
	}
}

func (o *object) instant(t time.Time) {
	b, err := appendJSONTime(o.b, t)
	if err != nil && o.err == nil {
		o.err = err
	}
	o.b = b
}

func (o *object) facts(fs []correlate.Fact) (err error) {
	if len(fs) == 0 {
		return nil
	}
	o.name("facts")
	open := byte('[')
	for i := range fs {
		if o.b, err = appendFact(append(o.b, open), &fs[i]); err != nil {
			return err
		}
		open = ','
	}
	o.b = append(o.b, ']')
	return nil
}
