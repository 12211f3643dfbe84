package rules

import (
	"fmt"
	"slices"
	"strings"
)

// inhibitions reports what is wrong with which rule keeps which quiet: rules that there
// are not, and circles, in which each would keep the other quiet. files are all rules
// there are, those that are disabled too.
func inhibitions(all []*compiled, files map[string]string) (problems []error) {
	inhibits := map[string][]string{}
	for _, r := range all {
		inhibits[r.ID] = r.Inhibits
		for i, id := range r.Inhibits {
			switch {
			case files[id] == "":
				problems = append(problems, fmt.Errorf("%s: inhibits: there is no rule %q", r.File, id))
			case slices.Contains(r.Inhibits[:i], id):
				problems = append(problems, fmt.Errorf("%s: inhibits: %q is there twice", r.File, id))
			}
		}
	}
	done := map[string]bool{}
	for _, r := range all {
		if circle := circleFrom(r.ID, inhibits, done, nil); circle != nil {
			problems = append(problems, fmt.Errorf("%s: inhibits: a circle, in which nobody would be told of any: %s", r.File, strings.Join(circle, " > ")))
		}
	}
	return problems
}

// circleFrom follows inhibits from a rule and returns the first way back that it finds.
// Rules that are done are on no circle, or on one that was told of.
func circleFrom(id string, inhibits map[string][]string, done map[string]bool, way []string) []string {
	if i := slices.Index(way, id); i >= 0 {
		return append(slices.Clone(way[i:]), id)
	}
	if done[id] {
		return nil
	}
	done[id] = true
	for _, next := range inhibits[id] {
		if circle := circleFrom(next, inhibits, done, append(way, id)); circle != nil {
			return circle
		}
	}
	return nil
}
