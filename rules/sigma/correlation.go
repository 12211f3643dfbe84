package sigma

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Correlation counts what rules match, in windows of event time.
type Correlation struct {
	About
	Rules []*Rule
	// Type is EventCount, ValueCount or Temporal.
	Type   string
	Window time.Duration
	// Group and Value are names of what whence's rules see of an event: those by whose
	// values the lines are grouped, and, of a ValueCount, the one whose different values
	// are counted.
	Group []string
	Value string
	// MoreThan is the limit that a window has to be above: of lines, of values, or of
	// different rules that match.
	MoreThan float64
	// Generate says that the rules raise alerts of their own as well.
	Generate bool
}

// The types of correlations that are computed.
const (
	EventCount = "event_count"
	ValueCount = "value_count"
	Temporal   = "temporal"
)

// What a window may be, and how many rules one correlation may name.
const (
	minWindow     = time.Minute
	maxWindow     = 35 * 24 * time.Hour
	maxCorrelated = 50
)

// correlates reports whether a document is a correlation.
func correlates(text []byte) bool {
	return bytes.HasPrefix(text, []byte("correlation:")) || bytes.Contains(text, []byte("\ncorrelation:"))
}

// String says what is counted, for people.
func (c *Correlation) String() string {
	what := map[string]string{EventCount: "lines", ValueCount: "different values of " + c.Value, Temporal: "different rules"}[c.Type]
	by := ""
	if len(c.Group) > 0 {
		by = ", by " + strings.Join(c.Group, " and ")
	}
	return fmt.Sprintf("more than %v %s in %v%s", c.MoreThan, what, c.Window, by)
}

// parseCorrelation reads a correlation of the rules of in. Its error is a *Refusal.
func (in *importing) parseCorrelation(as string, text []byte) (*Correlation, error) {
	if len(text) > maxFile {
		return nil, refuse("syntax", "the file is larger than %d bytes", maxFile)
	}
	r, err := parse(text)
	if err != nil {
		return nil, err
	}
	body, _ := r.AdditionalFields["correlation"].(map[string]any)
	for key := range body {
		if !slices.Contains([]string{"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"}, key) {
			return nil, refuse("correlation", "correlation has no key %q", key)
		}
	}
	c := &Correlation{About: about(as, text, &r)}
	c.Type, _ = body["type"].(string)
	c.Generate = body["generate"] == true || r.AdditionalFields["generate"] == true
	switch c.Type {
	case EventCount, ValueCount, Temporal:
	case "temporal_ordered":
		return nil, refuse("correlation", "temporal_ordered asks which rule matched first: a window counts what is in it, whatever the order; as temporal it can be run")
	default:
		return nil, refuse("correlation", "there is no correlation of type %q; there are event_count, value_count and temporal", c.Type)
	}
	named := texts(body["rules"])
	if c.Rules, err = in.correlated(named); err != nil {
		return nil, err
	}
	if c.Window, err = timespan(body["timespan"]); err != nil {
		return nil, err
	}
	for _, r := range c.Rules {
		c.Sources = append(c.Sources, r.Sources...)
	}
	c.Sources = slices.Compact(slices.Sorted(slices.Values(c.Sources)))
	f := fields{c.Rules, named, body["aliases"]}
	for _, name := range texts(body["group-by"]) {
		env, err := f.kept(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(c.Group, env) {
			c.Group = append(c.Group, env)
		}
	}
	return c, c.condition(body["condition"], f)
}

// correlated finds rules by their ids or names.
func (in *importing) correlated(called []string) ([]*Rule, error) {
	if len(called) == 0 || len(called) > maxCorrelated {
		return nil, refuse("correlation", "it names %d rules; want 1 to %d", len(called), maxCorrelated)
	}
	var out []*Rule
	for _, name := range called {
		i := slices.IndexFunc(in.Rules, func(r *Rule) bool { return r.called(name) })
		if i >= 0 {
			if out = append(out, in.Rules[i]); slices.Contains(out[:len(out)-1], in.Rules[i]) {
				return nil, refuse("correlation", "it names the rule %q twice", name)
			}
			continue
		}
		if slices.ContainsFunc(in.refused, func(a About) bool { return a.called(name) }) {
			return nil, refuse("correlation", "the rule %q, which it correlates, cannot be run", name)
		}
		if slices.ContainsFunc(in.pending, func(p pending) bool { return p.is(name) }) {
			return nil, refuse("correlation", "the rule %q, which it correlates, is a correlation itself: windows are counted of lines", name)
		}
		return nil, refuse("correlation", "the rule %q, which it correlates, is not in the folder", name)
	}
	return out, nil
}

// is reports whether the correlation goes by that name.
func (p *pending) is(name string) bool {
	r, err := parse(p.text)
	a := about(p.called, p.text, &r)
	return err == nil && a.called(name)
}

func (a *About) called(name string) bool {
	return name != "" && (a.names[0] == strings.ToLower(name) || a.names[1] == name)
}

// condition reads the limit.
func (c *Correlation) condition(given any, f fields) error {
	limits, _ := given.(map[string]any)
	if c.Type == Temporal && given == nil {
		c.MoreThan = float64(len(c.Rules) - 1) // all of them
		return nil
	}
	if words, ok := given.(string); ok {
		return refuse("correlation", "the condition %q joins rules by words; those without a not can be run as temporal, without a condition, or as several", words)
	}
	if limits == nil {
		return refuse("correlation", "want a condition such as gte: 10")
	}
	value, found := any(nil), 0
	for key, v := range limits {
		switch n, isNumber := number(v); {
		case key == "field":
			value = v
		case key != "gt" && key != "gte":
			return refuse("correlation", "the condition %q asks for few or none: an alert is raised for what is there; gt and gte can be run", key)
		case !isNumber || n < 0 || key == "gte" && n == 0:
			return refuse("correlation", "the condition %s: %v is no limit that a window without lines is not above", key, v)
		case key == "gt":
			c.MoreThan, found = n, found+1
		default: // what is counted is a whole number
			c.MoreThan, found = math.Ceil(n)-1, found+1
		}
	}
	if found != 1 {
		return refuse("correlation", "want one limit, gt or gte")
	}
	if c.Type != ValueCount {
		return nil
	}
	names := texts(value)
	if len(names) != 1 {
		return refuse("correlation", "value_count wants one field in its condition, and names %d", len(names))
	}
	var err error
	c.Value, err = f.kept(names[0])
	return err
}

// fields finds what whence keeps of the fields that a correlation names.
type fields struct {
	rules   []*Rule
	called  []string // as the correlation does
	aliases any
}

// kept is the one name by which whence's rules see a field of all of the rules' logs.
func (f fields) kept(name string) (string, error) {
	found, of := "", ""
	for i, r := range f.rules {
		own := name
		if aliases, _ := f.aliases.(map[string]any); aliases[name] != nil {
			fields, _ := aliases[name].(map[string]any)
			if own, _ = fields[f.called[i]].(string); own == "" {
				return "", refuse("correlation", "the alias %q does not say which field of the rule %q it is", name, f.called[i])
			}
		}
		for _, form := range r.forms {
			kept := Kept(form.log.source)
			env := kept[strings.ToLower(own)]
			switch {
			case env == "":
				return "", refuse("field", "of %s a window does not hold the field %q, as chains keep no lines; it can be one of %s", form.log.source, own, namesOf(kept))
			case found != "" && found != env:
				return "", refuse("field", "%q is %s in %s, and %s in %s", name, found, of, env, form.log.source)
			}
			found, of = env, form.log.source
		}
	}
	return found, nil
}

// timespan reads how long a window is.
func timespan(v any) (time.Duration, error) {
	text, _ := v.(string)
	count, unit := text, time.Duration(0)
	for name, is := range map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if before, ok := strings.CutSuffix(text, name); ok {
			count, unit = before, is
		}
	}
	n, err := strconv.ParseUint(count, 10, 31)
	switch {
	case err != nil || unit == 0:
		return 0, refuse("correlation", "the timespan %q: want such as 10m, 1h or 7d", text)
	case n > uint64(maxWindow/unit) || time.Duration(n)*unit < minWindow:
		return 0, refuse("correlation", "the timespan %s: a window is 1m to 35d", text)
	}
	return time.Duration(n) * unit, nil
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}

// texts are those of a list, or one by itself.
func texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, each := range v {
			out = append(out, fmt.Sprint(each))
		}
	}
	return out
}
