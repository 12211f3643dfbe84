package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"whence/correlate"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		s, pattern string
		want       bool
	}{
		{"", "", true}, {"a", "", false}, {"", "*", true}, {"a/b", "*", true}, {"a", "a*", true}, {"a/x/b", "a*b", true}, {"abc", "a*b", false},
		{"abc", "*b*", true}, {"abc", "a?c", true}, {"ac", "a?c", false}, {"ba", "*a*a*", false}, {"x", "**", true}, {"ab", "ab", true}, {"a", "[a]", false},
	} {
		if got := glob(c.s, c.pattern); got != c.want {
			t.Errorf("glob(%q, %q) = %t", c.s, c.pattern, got)
		}
	}
	if !glob("abc", "x*", "a*") || glob("abc", "x*", "b*") {
		t.Error("of several patterns one must fit")
	}
}

func TestWithin(t *testing.T) {
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	c := &correlate.Chain{Event: correlate.Event{Time: at, Primary: true}}
	ask := func(when string, want bool) {
		t.Helper()
		if got := matches(t, when, c); got != want {
			t.Errorf("%s is %t", when, got)
		}
	}
	hop := func(ago time.Duration) { c.Hops = []correlate.Hop{{Method: "m", Time: at.Add(-ago)}} }
	hop(time.Hour)
	ask(`within(root.age, "1h") and within(root.age, 3600) and root.dated and any(hops, within(.age, "60m") and .dated)`, true)
	ask(`within(root.age, "59m") or within(root.age, 60 * 59)`, false)
	hop(-time.Second)
	ask(`within(root.age, "1h")`, false) // after the event
	c.Hops = []correlate.Hop{{Method: "m"}}
	ask(`within(root.age, "1s") and not root.dated`, true)
	c.Approvers = []correlate.Approver{{Time: at.Add(-time.Minute)}, {}}
	ask(`one(approvers, .dated and within(.age, "1m"))`, true)
}

func TestCrosses(t *testing.T) {
	for _, c := range []struct {
		name           string
		walk           []string // issuer, a space, id
		account, trust bool
	}{
		{"nobody", []string{""}, false, false},
		{"one account", []string{"aws arn:aws:sts::111111111111:assumed-role/a/b", "aws arn:aws:iam::111111111111:role/a"}, false, false},
		{"two accounts", []string{"aws arn:aws:sts::111111111111:assumed-role/a/b", "aws arn:aws:iam::222222222222:user/x"}, true, false},
		{"two accounts, with a name in between", []string{"aws arn:aws:sts::111111111111:assumed-role/a/b", "aws AIDAEXAMPLE", "aws arn:aws:iam::222222222222:user/x"}, true, false},
		{"another account by its number", []string{"aws arn:aws:sts::111111111111:assumed-role/a/b", "aws 222222222222"}, true, false},
		{"a service has no account", []string{"aws arn:aws:sts::111111111111:assumed-role/a/b", "aws config.amazonaws.com"}, false, false},
		{"a person of the identity provider", []string{"aws arn:aws:sts::111111111111:assumed-role/a/b", "okta alice@example.com"}, false, true},
		{"one issuer under two names", []string{"aws arn:aws:sts::111111111111:assumed-role/a/b", "aws.identitystore alice@example.com"}, false, false},
		{"two projects", []string{"google build@one.iam.gserviceaccount.com", "google deploy@two.iam.gserviceaccount.com"}, true, false},
		{"one project", []string{"google build@one.iam.gserviceaccount.com", "google deploy@one.iam.gserviceaccount.com", "google alice@example.com"}, false, false},
		{"two clouds are no two accounts", []string{"google build@one.iam.gserviceaccount.com", "aws arn:aws:iam::111111111111:role/a"}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain := &correlate.Chain{Event: correlate.Event{Primary: true}}
			for i, w := range c.walk {
				issuer, id, _ := strings.Cut(w, " ")
				p := correlate.Principal{ID: id, Issuer: issuer}
				if i == 0 {
					chain.Actor = p
				}
				chain.Hops = append(chain.Hops, correlate.Hop{Principal: p})
			}
			for boundary, want := range map[string]bool{"account": c.account, "trust": c.trust} {
				if got := matches(t, fmt.Sprintf("crosses(%q)", boundary), chain); got != want {
					t.Errorf("%s: %t", boundary, got)
				}
			}
		})
	}
}

func TestLists(t *testing.T) {
	lists, problems := loadLists(folder(map[string]string{"lists/a.yaml": `l: [plain, 007, 1.50, true, "x y", "a/*"]` + "\nempty: []\n"}), "")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for v, want := range map[string]bool{"plain": true, "007": true, "7": false, "1.50": true, "true": true, "x y": true, "a/b/c": true, "b/a/": false, "": false} {
		if got := lists["l"].has(v); got != want {
			t.Errorf("%q: %t", v, got)
		}
	}
	if !lists["l"].kept() || lists["empty"].kept() {
		t.Error("a list is kept if anything is on it")
	}
	var many []string
	for i := range maxListPatterns + 1 {
		many = append(many, fmt.Sprint(i, "*"))
	}
	if _, err := NewList(many...); err == nil {
		t.Error("more patterns than a list may have")
	}
}
