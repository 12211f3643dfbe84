package simulate

import "iter"

// Answer is what a correlator says of one line: its status, and the requestor's
// id where it states one (attributed and automated).
type Answer struct {
	Status      string
	RequestorID string
}

// Score compares answers with the truth.
type Score struct {
	// Actions is how many lines there are; the five statuses and Absent add up to it.
	Actions      int
	Attributed   int
	Automated    int
	Ambiguous    int
	Partial      int
	Unattributed int
	// Absent lines have no answer at all.
	Absent int
	// Wrong answers state a requestor who is not the true one: the worst bug.
	Wrong int
	// Unfounded answers state the right requestor where the delivered lines do
	// not allow it: through a key after its end, or by luck among candidates.
	Unfounded int
	// Missed are lines whose requestor is knowable and not stated.
	Missed int
	// Differs counts all answers whose status is not the one expected.
	Differs int
	// Examples are the first of what is wrong, unfounded, missed or different.
	Examples []Example
}

// Example is a line whose answer is not as expected.
type Example struct {
	What   string // wrong, unfounded, missed or differs
	Truth  Truth
	Answer Answer
}

// maxExamples of each kind are kept; what comes after is only counted.
const maxExamples = 20

// Judge looks up the answer for every entry of truth. answer reports false for
// lines it knows nothing of; it is called once for each, in the order of truth.
func Judge(truth iter.Seq[Truth], answer func(source, eventID string) (Answer, bool)) Score {
	var s Score
	kept := map[string]int{}
	for t := range truth {
		a, ok := answer(t.Source, t.EventID)
		for _, what := range s.add(t, a, ok) {
			if kept[what]++; kept[what] <= maxExamples {
				s.Examples = append(s.Examples, Example{what, t, a})
			}
		}
	}
	return s
}

// add counts one answer and names what is wrong with it.
func (s *Score) add(t Truth, a Answer, ok bool) (wrong []string) {
	s.Actions++
	if !ok {
		s.Absent++
	}
	s.count(a.Status)
	states := ok && ends(a.Status)
	switch {
	case states && a.RequestorID != t.RequestorID:
		s.Wrong++
		wrong = append(wrong, "wrong")
	case states && !ends(t.Status):
		s.Unfounded++
		wrong = append(wrong, "unfounded")
	case !states && t.Knowable:
		s.Missed++
		wrong = append(wrong, "missed")
	}
	if ok && a.Status != t.Status {
		s.Differs++
		wrong = append(wrong, "differs")
	}
	return wrong
}

func (s *Score) count(status string) {
	switch status {
	case attributed:
		s.Attributed++
	case automated:
		s.Automated++
	case ambiguous:
		s.Ambiguous++
	case partial:
		s.Partial++
	case unattributed:
		s.Unattributed++
	}
}
