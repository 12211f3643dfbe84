package rules

import (
	"net/netip"
	"slices"
	"time"

	"github.com/expr-lang/expr"
)

// functions are what expressions may call besides the engine's own; Env has those
// that look at the chain.
func functions(lists Lists) []expr.Option {
	return []expr.Option{
		expr.Function("cidr", func(a ...any) (any, error) { return cidr(a[0].(string), allTexts(a[1:])...), nil }, cidr),
		expr.Function("glob", func(a ...any) (any, error) { return glob(a[0].(string), allTexts(a[1:])...), nil }, glob),
		expr.Function("within", func(a ...any) (any, error) {
			limit, err := seconds(a[1])
			return err == nil && recent(a[0].(int), limit), nil // the compiler lets no other pass
		}, new(func(int, string) bool), new(func(int, int) bool)),
		expr.Function("knows", func(a ...any) (any, error) {
			l := lists[a[0].(string)]
			if len(a) == 1 {
				return l.kept(), nil
			}
			return l.has(a[1].(string)), nil
		}, new(func(string) bool), new(func(string, string) bool)),
	}
}

func allTexts(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.(string)
	}
	return out
}

// cidr reports whether ip lies in one of prefixes. Logs also name hosts where an
// address is expected ("cloudformation.amazonaws.com"): those lie in none.
func cidr(ip string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(s string) bool {
		p, err := netip.ParsePrefix(s)
		return err == nil && inside(ip, p) // the compiler lets no other pass
	})
}

func inside(ip string, p netip.Prefix) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && p.Contains(a.Unmap().WithZone(""))
}

// glob reports whether the whole of s fits one of patterns.
func glob(s string, patterns ...string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return fits(p, s) })
}

// Fits reports whether the whole of s fits a pattern, as glob does in rules.
func Fits(pattern, s string) bool { return fits(pattern, s) }

// fits reports whether the whole of s fits pattern, in which * stands for any
// text, / included, and ? for any one byte. It is linear in practice and at
// worst takes len(pattern) * len(s) steps.
func fits(pattern, s string) bool {
	p, i := 0, 0
	star, from := -1, 0 // the last * seen, and the text it stands for so far ends at from
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// recent reports whether an age, in seconds, is that of something before the event
// and not longer ago than limit.
func recent(age, limit int) bool { return age >= 0 && age <= limit }

// seconds reads how long within goes back: a whole number of seconds, or a text such
// as "15m".
func seconds(limit any) (int, error) {
	text, ok := limit.(string)
	if !ok {
		return limit.(int), nil
	}
	d, err := parseSpan(text)
	return int(d / time.Second), err
}
