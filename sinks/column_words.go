package sinks

import (
	"unsafe"

	"whence/correlate"
)

// word is a text that is one of few.
func word[T any, S ~string](name string, of func(*T) *S) column[T] {
	c := text(name, of)
	c.few, c.encode = true, wordCells(offset(name, of))
	return c
}

// term is a word that the row says, and that set takes back.
func term[T any](name string, say func(*T) string, set func(*T, string) error) column[T] {
	c := scalar(name, wireText, nil, set)
	c.few, c.encode = true, saidCells(say)
	return c
}

// wordList is a list of texts that are each one of few.
func wordList[T, E any, S ~string](name string, of func(*T) *[]E, ref func(*E) *S) column[T] {
	c := texts(name, of, ref)
	c.few, c.encode = true, wordCells(offset(name, ref))
	return c
}

// terms is a list of words that the elements say, and that set takes back.
func terms[T, E any](name string, of func(*T) *[]E, say func(*E) string, set func(*E, string) error) column[T] {
	c := list(name, wireText, of, saidCells(say), set)
	c.few = true
	return c
}

// wordCells encodes the text that lies off bytes into what is pointed at.
func wordCells(off uintptr) cells {
	return func(s *strip, at []unsafe.Pointer) {
		var last address
		var code byte
		codes := s.codes
		for i, p := range at {
			v := *(*string)(unsafe.Add(p, off))
			// Most are the one before.
			if a := addressOf(v); a != last || i == 0 {
				last = a
				s.codes = codes // a chapter begins behind them
				code = s.codeAt(a, v)
			}
			codes = append(codes, code)
		}
		s.codes = codes
	}
}

// saidCells encodes what say makes of what is pointed at. It may be in memory that
// the next text is in as well.
func saidCells[T any](say func(*T) string) cells {
	return func(s *strip, at []unsafe.Pointer) {
		for _, p := range at {
			s.codes = append(s.codes, s.code(say((*T)(p))))
		}
	}
}

// proofCells encodes the name of the proof that lies off bytes into what is pointed at.
func proofCells(off uintptr) cells {
	return func(s *strip, at []unsafe.Pointer) {
		var last correlate.Proof
		var code byte
		for i, p := range at {
			if f := *(*correlate.Proof)(unsafe.Add(p, off)); f != last || i == 0 {
				last = f
				if name := f.String(); f <= correlate.Issued { // a constant
					code = s.codeAt(addressOf(name), name)
				} else {
					code = s.code(name)
				}
			}
			s.codes = append(s.codes, code)
		}
	}
}
