package sources

// valueStatus says how far a value has been read.
type valueStatus uint8

const (
	valueMore valueStatus = iota // it goes on after these bytes
	valueDone                    // it ended
	valueBad                     // this byte cannot stand here
)

// maxValueDepth bounds the memory of a scan. What nests deeper is no value; a
// record deeper than scan.MaxDepth is rejected later anyway.
const maxValueDepth = 10_000

// valueScan finds the end of one object or array, byte after byte. It checks how
// brackets, commas, colons and strings follow each other, which is enough to
// notice a line that breaks off; numbers and words are left to the decoder.
type valueScan struct {
	open  []byte // the brackets that are open
	state scanState
}

type scanState uint8

const (
	scanStart    scanState = iota // before the opening bracket
	scanKeyOrEnd                  // after {
	scanKey                       // after a comma in an object
	scanColon
	scanValue      // after a colon, or a comma in an array
	scanValueOrEnd // after [
	scanAfter      // after a value
	scanWord       // in a number, true, false or null
	scanInKey      // in a string that is a key
	scanInKeyEsc
	scanInString
	scanInStringEsc
)

func (v *valueScan) reset() { v.open, v.state = v.open[:0], scanStart }

// feed reads on in b, which continues what was fed before. It returns how many
// bytes belong to the value; for valueBad, where the bad byte is.
func (v *valueScan) feed(b []byte) (int, valueStatus) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch v.state {
		case scanInKey, scanInString:
			for c != '"' && c != '\\' && c != '\n' { // most bytes of a log are in strings
				if i++; i == len(b) {
					return i, valueMore
				}
				c = b[i]
			}
			switch {
			case c == '\n':
				return i, valueBad // a string cannot hold one
			case c == '\\':
				v.state++ // to the matching escape state
			case v.state == scanInKey:
				v.state = scanColon
			default:
				v.state = scanAfter
			}
			continue
		case scanInKeyEsc, scanInStringEsc:
			if c == '\n' {
				return i, valueBad
			}
			v.state-- // back into the string
			continue
		case scanWord:
			if isWord(c) {
				continue
			}
			v.state = scanAfter
		}
		if isSpace(c) {
			continue
		}
		if !v.step(c) {
			return i, valueBad
		}
		if len(v.open) == 0 {
			return i + 1, valueDone
		}
	}
	return len(b), valueMore
}

// step takes one byte outside strings and words.
func (v *valueScan) step(c byte) bool {
	switch v.state {
	case scanKeyOrEnd, scanKey:
		if c == '"' {
			v.state = scanInKey
			return true
		}
		return c == '}' && v.state == scanKeyOrEnd && v.shut('{')
	case scanColon:
		v.state = scanValue
		return c == ':'
	case scanAfter:
		switch c {
		case ',':
			v.state = scanValue
			if v.open[len(v.open)-1] == '{' {
				v.state = scanKey
			}
			return true
		case '}':
			return v.shut('{')
		case ']':
			return v.shut('[')
		}
		return false
	case scanValueOrEnd:
		if c == ']' {
			return v.shut('[')
		}
	}
	return v.begin(c)
}

// begin starts a value.
func (v *valueScan) begin(c byte) bool {
	switch {
	case c == '{':
		v.state = scanKeyOrEnd
	case c == '[':
		v.state = scanValueOrEnd
	case v.state == scanStart:
		return false
	case c == '"':
		v.state = scanInString
		return true
	default:
		v.state = scanWord
		return isWord(c)
	}
	if len(v.open) == maxValueDepth {
		return false
	}
	v.open = append(v.open, c)
	return true
}

// shut closes the innermost bracket, which must be c.
func (v *valueScan) shut(c byte) bool {
	if v.open[len(v.open)-1] != c {
		return false
	}
	v.open = v.open[:len(v.open)-1]
	v.state = scanAfter
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}
