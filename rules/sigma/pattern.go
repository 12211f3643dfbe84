package sigma

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A test is what one value of a rule asks of a value of the line.
type test func(v value) bool

// isModifier reports whether values may be changed so before they are compared.
// What encodes values for searches in binary data has no place in logs of text.
func isModifier(m string) bool {
	switch m {
	case "contains", "startswith", "endswith", "all", "re", "i", "m", "s", "cased", "exists", "fieldref", "cidr", "gt", "gte", "lt", "lte":
		return true
	}
	return false
}

// compilePattern makes a test of one value of a rule.
func compilePattern(v any, modifiers []string) (test, error) {
	has := func(m string) bool { return slices.Contains(modifiers, m) }
	for _, m := range modifiers {
		if !isModifier(m) {
			return nil, refuse("modifier", "the modifier %q is not supported", m)
		}
	}
	if v == nil {
		return func(v value) bool { return v.null }, nil
	}
	text, ok := scalar(v)
	if !ok {
		return nil, refuse("syntax", "a value that is neither text nor a number: %T", v)
	}
	switch {
	case has("re"):
		return compileRegexp(text, modifiers)
	case has("cidr"):
		return compileCIDR(text)
	case has("gt"), has("gte"), has("lt"), has("lte"):
		return compileNumber(text, modifiers)
	}
	if has("contains") {
		text = "*" + text + "*"
	}
	if has("startswith") {
		text += "*"
	}
	if has("endswith") {
		text = "*" + text
	}
	return compileGlob(text, has("cased")), nil
}

func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int, int64, uint64, float64:
		return fmt.Sprint(v), true
	}
	return "", false
}

func compileRegexp(text string, modifiers []string) (test, error) {
	flags := ""
	for _, f := range []string{"i", "m", "s"} {
		if slices.Contains(modifiers, f) {
			flags += f
		}
	}
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, refuse("regexp", "a regular expression that Go does not know (RE2: no look-around, no back-references): %v", err)
	}
	return func(v value) bool { return !v.null && re.MatchString(v.text) }, nil
}

func compileCIDR(text string) (test, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, refuse("syntax", "cidr: %q is not a network such as 10.0.0.0/8", text)
	}
	return func(v value) bool {
		a, err := netip.ParseAddr(v.text)
		return err == nil && prefix.Contains(a.Unmap())
	}, nil
}

func compileNumber(text string, modifiers []string) (test, error) {
	want, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, refuse("syntax", "%q is compared with and is no number", text)
	}
	is := map[string]func(got float64) bool{
		"gt": func(got float64) bool { return got > want }, "gte": func(got float64) bool { return got >= want },
		"lt": func(got float64) bool { return got < want }, "lte": func(got float64) bool { return got <= want },
	}
	var holds func(float64) bool
	for _, m := range modifiers {
		if is[m] != nil {
			holds = is[m]
		}
	}
	return func(v value) bool {
		got, err := strconv.ParseFloat(v.text, 64)
		return err == nil && holds(got)
	}, nil
}

// compileGlob makes a test of text with Sigma's wildcards, * and ?, which a
// backslash makes ordinary characters. Case does not count unless cased.
func compileGlob(pattern string, cased bool) test {
	if !cased {
		pattern = strings.ToLower(pattern)
	}
	text, star := []rune{}, false // runes; a wildcard is negative
	for rest := pattern; rest != ""; {
		r, n := utf8.DecodeRuneInString(rest)
		rest = rest[n:]
		switch {
		case r == '\\' && rest != "" && strings.ContainsRune(`*?\`, rune(rest[0])):
			text, rest, star = append(text, rune(rest[0])), rest[1:], false
		case r == '*':
			if !star {
				text = append(text, anyText)
			}
			star = true
		case r == '?':
			text, star = append(text, anyRune), false
		default:
			text, star = append(text, r), false
		}
	}
	if literal, ok := plain(text); ok {
		if cased {
			return func(v value) bool { return !v.null && v.text == literal }
		}
		return func(v value) bool { return !v.null && strings.EqualFold(v.text, literal) }
	}
	if fits := compileEnds(text); fits != nil && !cased {
		return func(v value) bool {
			if v.null {
				return false
			}
			if is, ok := fits(v.text); ok {
				return is
			}
			return glob(text, v.text, true)
		}
	}
	return func(v value) bool { return !v.null && glob(text, v.text, !cased) }
}

const (
	anyText rune = -1 - iota
	anyRune
)

func plain(text []rune) (string, bool) {
	for _, r := range text {
		if r < 0 {
			return "", false
		}
	}
	return string(text), true
}

// glob reports whether s fits the pattern. It goes back to the last * only, which is
// enough, so that it takes at most len(pattern) times len(s) steps.
func glob(pattern []rune, s string, fold bool) bool {
	p, back, from := 0, -1, 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if fold {
			r = unicode.ToLower(r)
		}
		switch {
		case p < len(pattern) && (pattern[p] == r || pattern[p] == anyRune):
			p, i = p+1, i+n
		case p < len(pattern) && pattern[p] == anyText:
			p, back, from = p+1, p, i
		case back >= 0:
			_, n := utf8.DecodeRuneInString(s[from:])
			from += n
			p, i = back+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == anyText {
		p++
	}
	return p == len(pattern)
}
