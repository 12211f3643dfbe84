package sigma

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	sigma "github.com/bradleyjkemp/sigma-go"

	"whence/correlate"
)

// About is what a file says of itself.
type About struct {
	// ID is "sigma-" and the rule's own id, or its file's name where it has none.
	ID             string
	Title          string
	Level          string // informational, low, medium, high, critical
	Status         string
	Description    string
	Author         string // the licence of public rules wants to see it named
	References     []string
	Tags           []string // such as attack.t1078.004
	FalsePositives []string
	File           string
	Sum            string // SHA-256 of the document, in hex
	// Sources are the logs of whence that it is matched against.
	Sources []string

	names []string // what rules that correlate it may call it
}

// A Rule is one Sigma rule, compiled for the logs that it is about.
type Rule struct {
	About
	// Counted says that there are correlations of it, none of which wants alerts of the
	// rule itself.
	Counted bool

	forms []form // one for each of Sources
}

// form is a rule as it reads in one log.
type form struct {
	log  *log
	when node
	// asks are fields and their values, of which one must be there for the rule to
	// match; none if it asks for nothing that could be looked up.
	asks []ask
}

// A Refusal says why a rule cannot be run here.
type Refusal struct {
	Reason string // one word per cause, for counting: see Import
	Detail string
}

// Error implements error.
func (r *Refusal) Error() string { return r.Detail }

func refuse(reason, format string, args ...any) error {
	return &Refusal{reason, fmt.Sprintf(format, args...)}
}

// Parse compiles one rule. The error is a *Refusal. file names the rule where it has
// no id, and appears in reports.
func Parse(file string, text []byte) (*Rule, error) {
	if err := single(text); err != nil {
		return nil, err
	}
	r, err := parse(text)
	if err != nil {
		return nil, err
	}
	if len(r.Detection.Conditions) == 0 {
		return nil, refuse("syntax", "the rule has no detection with a condition")
	}
	if r.Detection.Timeframe != 0 {
		return nil, refuse("aggregation", "it counts over time (timeframe); write it as a rule over time")
	}
	logs := logsOf(r.Logsource)
	if len(logs) == 0 {
		return nil, refuse("logsource", "no source of whence reads the log %s", logName(r.Logsource))
	}
	out := &Rule{About: about(file, text, &r)}
	var last error
	for _, l := range logs {
		f, err := l.compile(&r.Detection)
		if err != nil {
			last = err
			continue
		}
		out.Sources, out.forms = append(out.Sources, l.source), append(out.forms, f)
	}
	if len(out.forms) == 0 {
		return nil, last
	}
	return out, nil
}

func about(file string, text []byte, r *sigma.Rule) About {
	sum := sha256.Sum256(text)
	name, _ := r.AdditionalFields["name"].(string)
	out := About{
		ID: "sigma-" + strings.ToLower(cmp.Or(r.ID, strings.TrimSuffix(base(file), ".yml"))), Title: r.Title,
		Level: cmp.Or(strings.ToLower(r.Level), "medium"), Status: r.Status, Description: strings.TrimSpace(r.Description),
		Author: r.Author, References: r.References, Tags: r.Tags, File: file,
		Sum: hex.EncodeToString(sum[:]), names: []string{strings.ToLower(r.ID), name},
	}
	if list, ok := r.AdditionalFields["falsepositives"].([]any); ok {
		for _, v := range list {
			out.FalsePositives = append(out.FalsePositives, fmt.Sprint(v))
		}
	}
	return out
}

// parse calls the library, which panics at some files that are no rules.
func parse(text []byte) (r sigma.Rule, err error) {
	defer func() {
		if recover() != nil {
			err = refuse("syntax", "not a Sigma rule")
		}
	}()
	if r, err = sigma.ParseRule(text); err != nil {
		return r, refuse("syntax", "not a Sigma rule: %v", strings.ReplaceAll(err.Error(), "\n", " "))
	}
	return r, nil
}

// Matches reports whether the rule matches the line that e was decoded from: raw.
func (r *Rule) Matches(e *correlate.Event, raw []byte) bool {
	for i := range r.forms {
		if f := &r.forms[i]; f.log.source == e.Source {
			return f.when(&line{event: e, raw: raw, log: f.log})
		}
	}
	return false
}

var errCollection = refuse("syntax", "collections of rules (action: global) are of an old version of Sigma; convert it")

// single refuses what is not one rule of single events.
func single(text []byte) error {
	for l := range strings.Lines(string(text)) {
		switch l = strings.TrimRight(l, " \r\n"); {
		case l == "correlation:":
			return refuse("correlation", "it correlates other rules, which are read together with it")
		case l == "action: global":
			return errCollection
		}
	}
	return nil
}

func logName(l sigma.Logsource) string {
	var parts []string
	for _, p := range []string{l.Product, l.Service, l.Category} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return "that it does not name"
	}
	return strings.Join(parts, "/")
}

func base(file string) string { return file[strings.LastIndexByte(file, '/')+1:] }
