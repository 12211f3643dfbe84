package main

import (
	"bytes"
	"crypto/sha256"
	"time"
)

// The least that bytes can cost, however they are understood: to be looked at
// once, and to be hashed.

// A sample is lines held in memory, one after another.
type sample struct {
	bytes []byte
	ends  []int // of each line
}

func (s *sample) add(line []byte) {
	s.bytes = append(s.bytes, line...)
	s.ends = append(s.ends, len(s.bytes))
}

func (s *sample) len() int { return len(s.ends) }

// line returns line i, round and round.
func (s *sample) line(i int) []byte {
	i %= len(s.ends)
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.bytes[start:s.ends[i]:s.ends[i]]
}

// mean is the length of a line.
func (s *sample) mean() int { return len(s.bytes) / max(1, len(s.ends)) }

// sampleLines is how many lines stages work on: more bytes than caches hold.
const sampleLines = 10_000

func (e *estate) sample(n int) *sample {
	s := &sample{}
	var b []byte
	for i := range n {
		b = e.event(b[:0], 0, i, e.began.Add(time.Duration(i)*time.Millisecond))
		s.add(b)
	}
	return s
}

// scan looks for every quote in lines from i to end, which every parser of JSON
// does at least.
func (s *sample) scan(i, end int) (quotes int) {
	for ; i < end; i++ {
		line := s.line(i)
		for {
			j := bytes.IndexByte(line, '"')
			if j < 0 {
				break
			}
			quotes++
			line = line[j+1:]
		}
	}
	return quotes
}

// idBytes is the most that one block of SHA-256 holds: an id takes one block at least.
const idBytes = 55

// scanAndID looks for every quote in every line, and hashes as much of it as an id is
// made of at least.
func (s *sample) scanAndID() (all byte) {
	for i := range s.len() {
		s.scan(i, i+1)
		line := s.line(i)
		h := sha256.Sum256(line[:min(len(line), idBytes)])
		all ^= h[0]
	}
	return all
}

// hash takes the SHA-256 of lines from i to end, as the evidence of each event is.
func (s *sample) hash(i, end int) (all byte) {
	for ; i < end; i++ {
		h := sha256.Sum256(s.line(i))
		all ^= h[0]
	}
	return all
}
