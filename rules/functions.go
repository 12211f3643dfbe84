package rules

import (
	"net/netip"

	"github.com/expr-lang/expr"
)

// functions are what expressions may call besides the engine's own: see cidr,
// glob and Env.Holds.
func functions() []expr.Option {
	return []expr.Option{
		expr.Function("cidr", func(a ...any) (any, error) { return cidr(a[0].(string), a[1].(string)), nil }, cidr),
		expr.Function("glob", func(a ...any) (any, error) { return glob(a[0].(string), a[1].(string)), nil }, glob),
	}
}

// cidr reports whether ip lies in prefix. Logs also name hosts where an address
// is expected ("cloudformation.amazonaws.com"): those lie in none.
func cidr(ip, prefix string) bool {
	p, err := netip.ParsePrefix(prefix)
	if err != nil {
		return false // the compiler lets none pass
	}
	return inside(ip, p)
}

func inside(ip string, p netip.Prefix) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && p.Contains(a.Unmap().WithZone(""))
}

// glob reports whether the whole of s fits pattern, in which * stands for any
// text, / included, and ? for any one byte. It is linear in practice and at
// worst takes len(pattern) * len(s) steps.
func glob(pattern, s string) bool {
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
