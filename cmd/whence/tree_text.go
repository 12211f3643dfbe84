package main

import (
	"fmt"
	"strings"
	"time"

	"whence/correlate"
)

// who is a principal in words.
func who(p correlate.Principal) string {
	s := p.ID
	if p.Type != correlate.Unknown {
		s = joined(" ", string(p.Type), p.ID)
	}
	if p.Name != "" && p.Name != p.ID {
		s += " (" + p.Name + ")"
	}
	return joined(", ", s, labeled("unit", p.Unit), labeled("owner", p.Owner))
}

// evidence is how well something is established, and by which log line.
func evidence(proof correlate.Proof, method, source, eventID string, at time.Time) string {
	s := proof.String()
	if s != "" && method != "" {
		s += " by "
	}
	s += method
	line := joined(" ", source, eventID)
	if line == "" {
		return s
	}
	if !at.IsZero() {
		line += " at " + moment(at)
	}
	return joined(": ", s, line)
}

func place(e correlate.Evidence) string {
	if e.Topic == "" {
		return ""
	}
	return fmt.Sprintf(", in %s, partition %d, offset %d", e.Topic, e.Partition, e.Offset)
}

func usage(u correlate.Usage) string {
	if u.IsZero() {
		return ""
	}
	cost := "cost unknown"
	if u.CostKnown {
		cost = fmt.Sprintf("%g USD", u.CostUSD)
	}
	return joined(", ", u.Model, fmt.Sprintf("%d tokens in and %d out", u.InputTokens, u.OutputTokens), cost)
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// labeled puts a label before a text that is not empty.
func labeled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + " " + text
}

// joined joins the texts that are not empty.
func joined(sep string, texts ...string) string {
	var kept []string
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, sep)
}
