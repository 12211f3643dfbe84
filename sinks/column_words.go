package sinks

// word is a text that is one of few.
func word[T any, S ~string](name string, of func(*T) *S) column[T] {
	c := text(name, of)
	c.few = true
	c.encode = func(s *strip, rows []T) {
		var last string
		var code byte
		for i := range rows {
			// Most are the one before, and often in the very same memory.
			if v := string(*of(&rows[i])); v != last || i == 0 {
				last, code = v, s.code(v)
			}
			s.codes = append(s.codes, code)
		}
	}
	return c
}

// term is a word that the row says, and that set takes back.
func term[T any](name string, say func(*T) string, set func(*T, string) error) column[T] {
	c := scalar(name, wireText, nil, set)
	c.few = true
	c.encode = func(s *strip, rows []T) {
		for i := range rows {
			s.codes = append(s.codes, s.code(say(&rows[i])))
		}
	}
	return c
}

// wordList is a list of texts that are each one of few.
func wordList[T, E any, S ~string](name string, of func(*T) *[]E, ref func(*E) *S) column[T] {
	c := texts(name, of, ref)
	c.few = true
	c.encode = func(s *strip, rows []T) {
		var last string
		code, some := byte(0), false
		for i := range rows {
			es := *of(&rows[i])
			for j := range es {
				if v := string(*ref(&es[j])); v != last || !some {
					last, code, some = v, s.code(v), true
				}
				s.codes = append(s.codes, code)
			}
		}
	}
	return c
}

// terms is a list of words that the elements say, and that set takes back.
func terms[T, E any](name string, of func(*T) *[]E, say func(*E) string, set func(*E, string) error) column[T] {
	c := list(name, wireText, of, nil, set)
	c.few = true
	c.encode = func(s *strip, rows []T) {
		for i := range rows {
			es := *of(&rows[i])
			for j := range es {
				s.codes = append(s.codes, s.code(say(&es[j])))
			}
		}
	}
	return c
}
