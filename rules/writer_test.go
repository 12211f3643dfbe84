package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// pool is the text of chains and of constants.
var pool = []string{"", "a", "ab", "abc", "b", "bc", "A", "Ab", "\u00e9a", "success", "write", "iam:", "iam:Create", "iam:CreateUser", "revoked", "x/y",
	"arn:aws:iam::111111111111:role/a", "arn:aws:sts::222222222222:assumed-role/b/c", "aws", "aws.identitystore", "222222222222", "x@p.iam.gserviceaccount.com"}

// writer makes expressions up.
type writer struct{ *rand.Rand }

func (w writer) pick(of ...string) string { return of[w.IntN(len(of))] }

func (w writer) quoted() string { return fmt.Sprintf("%q", w.pick(pool...)) }

// truth writes something that is true or false; list is what # walks, if anything.
func (w writer) truth(depth int, list string) string {
	if depth > 0 {
		a := func() string { return w.truth(depth-1, list) }
		switch w.IntN(10) {
		case 0, 1, 2, 3:
			return fmt.Sprintf("(%s %s %s)", a(), w.pick("and", "&&"), a())
		case 4, 5:
			return fmt.Sprintf("(%s %s %s)", a(), w.pick("or", "||"), a())
		case 6:
			return w.pick("not ", "!") + "(" + a() + ")"
		case 7:
			if list == "" {
				over := w.pick("hops", "approvers", "candidates", "resources")
				return fmt.Sprintf("%s(%s, %s)", w.pick("any", "any", "any", "all", "none", "one"), over, w.truth(depth-1, over))
			}
		case 8:
			return fmt.Sprintf("(%s %s %s)", a(), w.pick("==", "!="), a())
		}
	}
	switch w.IntN(15) {
	case 0, 1, 2:
		return fmt.Sprintf("%s %s %s", w.text(list), w.pick("==", "!=", "startsWith", "contains", "endsWith"), w.text(list))
	case 3, 4, 5:
		return fmt.Sprintf("%s %s %s", w.name(list), w.pick("==", "!=", "startsWith", "endsWith"), w.quoted())
	case 6:
		return fmt.Sprintf("%s %s [%s, %s]", w.text(list), w.pick("in", "not in"), w.quoted(), w.quoted())
	case 7:
		return fmt.Sprintf("%s %s %s", w.number(list), w.pick("==", "!=", "<", ">", "<=", ">="), w.number(list))
	case 8:
		return fmt.Sprintf("%s in [%d, %d]", w.pick("hour", "len(hops)", "usage.input_tokens"), w.IntN(5), w.IntN(5))
	case 9:
		return fmt.Sprintf(`%s matches "%s"`, w.text(list), w.pick("^a", "b$", "[ab]+c?", "(?i)AB"))
	case 10:
		return w.pick(`holds("aws.access_key")`, `holds("github.run")`, `holds("")`, "holds("+w.text(list)+")")
	case 11:
		return w.pick(`cidr(context.ip, "10.0.0.0/8")`, `cidr(context.ip, "192.0.2.0/24")`, `cidr("fe80::1", "fe80::/10")`, fmt.Sprintf("glob(%s, %s)", w.text(list), w.pick(`"*b*"`, `"a?"`, `"a?", "*x*"`)),
			`cidr(context.ip, "192.0.2.0/24", "10.0.0.0/8")`)
	case 12:
		return w.pick(`crosses("account")`, `crosses("trust")`, `knows("few")`, `knows("none")`, "knows(\"few\", "+w.text(list)+")", "root.dated",
			"within("+w.age(list)+", "+w.pick(`"50s"`, `"1m"`, "30", "2 * 20")+")")
	case 13:
		// What only the engine can do, and what fails.
		return w.pick("hops[0].state == \"revoked\"", "hour % usage.input_tokens == 1", "action + source == \"ab\"", "len(filter(hops, .state == \"revoked\")) > 0",
			"(let n = len(hops); n > 1)", "(proven ? settled : truncated)", "action < source", "root.age / 2 > 5", "len([1, 2]) == 2", "action[0:1] == \"a\"")
	default:
		return w.pick("settled", "proven", "truncated", "usage.cost_known", "true", "false")
	}
}

func (w writer) text(list string) string {
	switch w.IntN(6) {
	case 0:
		return w.quoted()
	case 1:
		return w.pick("lower", "upper", "trim") + "(" + w.name(list) + ")"
	default:
		return w.name(list)
	}
}

// name writes the name of a text.
func (w writer) name(list string) string {
	names := []string{"action", "class", "source", "status", "proof", "outcome"} // often, so that they are indexed
	if w.IntN(2) == 0 {
		names = names[:0]
		for n := range known.texts {
			if !strings.Contains(n, "[]") {
				names = append(names, n)
			}
		}
	}
	if list != "" && w.IntN(3) > 0 {
		names = names[:0]
		for n := range known.texts {
			if e, ok := strings.CutPrefix(n, list+"[]"); ok {
				names = append(names, e)
			}
		}
	}
	slices.Sort(names)
	n := w.pick(names...)
	if n == "class" || n == "status" || n == "proof" || n == "outcome" || n == "weekday" {
		return w.pick(n, "lower("+n+")") // a constant beside the bare name has to be a word of it
	}
	return n
}

func (w writer) number(list string) string {
	of := []string{"hour", "usage.input_tokens", "usage.output_tokens", "usage.cost_usd", "root.age", "0", "1", "-2", "0.5", "2 * 3 - 4",
		"len(hops)", "len(approvers)", "len(candidates)", "len(resources)", "len(action)", "count(approvers, .via == \"a\")"}
	switch list {
	case "hops", "approvers":
		of = append(of, ".age", ".age")
	}
	return w.pick(of...)
}

func (w writer) age(list string) string {
	switch list {
	case "hops", "approvers":
		return w.pick(".age", "root.age")
	}
	return w.pick("root.age", "hour")
}

// someLists are what expressions look into.
var someLists = func() Lists {
	few, err := NewList("a", "ab", "success", "iam:*")
	if err != nil {
		panic(err)
	}
	return Lists{"few": few, "none": nil}
}()

// few writes a term about one of few names, as the rules of one set are.
func (w writer) few(names []string) string {
	compare := func(name string) string {
		return fmt.Sprintf("%s %s %s", name, w.pick("==", "==", "!=", "startsWith", "startsWith", "endsWith", "endsWith"), w.quoted())
	}
	switch w.IntN(8) {
	case 0, 1:
		return fmt.Sprintf("%s endsWith %s", names[0], w.quoted())
	case 2:
		return w.pick(`crosses("account")`, `not crosses("account")`, `crosses("trust")`, `(crosses("trust") or not crosses("trust"))`)
	}
	name := w.pick(names...)
	list, element, ok := strings.Cut(name, "[]")
	if !ok {
		return w.pick(compare(name), fmt.Sprintf("(%s or %s)", compare(name), compare(name)), fmt.Sprintf("%s not in [%s, %s]", name, w.quoted(), w.quoted()))
	}
	if list == "held" {
		return w.pick(`holds("aws.access_key")`, `not holds("aws.access_key")`, `holds("github.run")`, "holds(action)")
	}
	p := compare(element)
	switch w.IntN(6) {
	case 0:
		p += " and " + compare(element)
	case 1:
		p += " and " + w.truth(0, list)
	case 2:
		p += " or " + compare(element)
	case 3:
		p = w.pick("truncated", "not settled", "action == \"a\"", "true")
	}
	return fmt.Sprintf("%s(%s, %s)", w.pick("any", "any", "any", "none"), list, p)
}
