package main

import (
	"bytes"
	"fmt"
	"time"

	"whence/correlate"
)

// An estate is a company's AWS account in a forest of sessions: people sign in to
// a role, that role assumes the next. Everything about a session follows from its
// number, so any number of them costs no memory. Its methods are safe for
// concurrent use.
type estate struct {
	seed     uint64
	sessions int     // live ones, at every level together
	depth    int     // sessions between an event and its person; 0 for 1 to 3 mixed
	skew     float64 // 0: every session acts as often; else the share of events of a tenth of them
	unknown  float64 // share of events by keys that nobody minted
	people   int
	levels   []int // number of the first session of each level
	began    time.Time
}

const (
	account  = "123456789012"
	roleSize = 300
	// mostPeople bounds the directory, which is no part of what grows with sessions.
	mostPeople = 20_000
	// lasts is how long sessions are good for: longer than any run.
	lasts = 12 * time.Hour
)

func newEstate(sessions, depth int, skew, unknown float64, began time.Time) *estate {
	e := &estate{
		seed: 1, sessions: sessions, depth: depth, skew: skew, unknown: unknown,
		people: min(max(100, sessions/20), mostPeople), began: began,
	}
	e.levels = []int{0}
	switch {
	case depth == 0: // chains of 2, 3 and 4 hops
		e.levels = append(e.levels, sessions*3/10, sessions*7/10)
	case depth > 1: // a tenth of the sessions lead to the rest
		for l := 1; l < depth; l++ {
			e.levels = append(e.levels, max(1, sessions/10/(depth-1))*l)
		}
	}
	e.levels = append(e.levels, sessions)
	return e
}

// session is what is known of one session.
type session struct {
	number int
	level  int // 0: a person signed in to it
	parent int // its number; of level 0, that of the person
	role   int
	name   string
	key    [20]byte
}

func (e *estate) level(number int) int {
	l := 0
	for l+2 < len(e.levels) && number >= e.levels[l+1] {
		l++
	}
	return l
}

// session computes session number i. Beyond those that live are the ones that
// nobody minted.
func (e *estate) session(i int) session {
	d := diceFor(e.seed, uint64(i))
	s := session{number: i, role: d.below(roleSize)}
	copy(s.key[:], "ASIA")
	d.letters(s.key[:4], 16, base32)
	if i >= e.sessions {
		s.level, s.parent, s.name = -1, -1, fmt.Sprintf("batch-%d", 1_700_000_000+i)
		return s
	}
	s.level = e.level(i)
	if s.level == 0 {
		s.parent = d.below(e.people)
		// Whoever comes with a key of their own chooses the name; an e-mail address
		// would be a claim, and the walk prefers what is proven.
		if s.name = e.mail(s.parent); s.signsByUser() {
			s.name = fmt.Sprintf("person%d-cli", s.parent)
		}
		return s
	}
	first, end := e.levels[s.level-1], e.levels[s.level]
	s.parent = first + d.below(end-first)
	switch d.below(3) {
	case 0:
		s.name = fmt.Sprintf("botocore-session-%d", 1_700_000_000+i)
	case 1:
		s.name = fmt.Sprintf("terraform-%08x", uint32(d.next()))
	default:
		s.name = fmt.Sprintf("aws-sdk-js-session-%d", 1_700_000_000_000+i)
	}
	return s
}

// signsByUser reports whether the person of a root session is an IAM user who
// assumes a role, as one in five does; the others come through SAML.
func (s *session) signsByUser() bool { return s.level == 0 && s.number%5 == 0 }

func (e *estate) mail(person int) string { return fmt.Sprintf("person%d@example.com", person) }

// draw draws a session, one that nobody minted among them: as many events each as
// those that are known have. Which sessions act when is a crowd's to say.
func (e *estate) draw(d *dice) (number int) {
	first := 0
	if e.depth > 0 {
		first = e.levels[e.depth-1]
	}
	n := e.sessions - first
	if d.share() < e.unknown {
		return e.sessions + d.below(max(1, int(float64(n)*e.unknown)))
	}
	if e.skew > 0 && n >= 10 {
		if d.share() < e.skew {
			return first + d.below(n/10)
		}
		return first + n/10 + d.below(n-n/10)
	}
	return first + d.below(n)
}

// directory is the operator's, as YAML.
func (e *estate) directory() []byte {
	var b bytes.Buffer
	b.WriteString("people:\n")
	for i := range e.people {
		fmt.Fprintf(&b, "  - id: %q\n    name: %q\n    unit: %q\n    aliases: [%q]\n",
			e.mail(i), fmt.Sprintf("Person %d", i), fmt.Sprintf("unit-%d", i%40), "aws:"+userARN(i))
	}
	return b.Bytes()
}

// listed is the same directory, for those who use it in this process.
func (e *estate) listed() (*correlate.Directory, error) {
	people := make([]correlate.Entry, e.people)
	for i := range people {
		people[i] = correlate.Entry{Type: correlate.Human, ID: e.mail(i), Aliases: []string{"aws:" + userARN(i)}}
	}
	return correlate.NewDirectory(1, people)
}

func userARN(person int) string { return fmt.Sprintf("arn:aws:iam::%s:user/person%d", account, person) }
