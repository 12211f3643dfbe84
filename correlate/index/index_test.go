package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"whence/correlate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

const (
	session  correlate.Kind = "aws.access_key"
	alias    correlate.Kind = "github.sub"
	runID    correlate.Kind = "github.run_id" // an alias without limit
	apiKey   correlate.Kind = "litellm.key"
	roleName correlate.Kind = "aws.role_session"
)

func kinds() correlate.Kinds {
	return correlate.NewKinds(
		correlate.KindInfo{Kind: session, Life: 36 * time.Hour, Best: correlate.Issued},
		correlate.KindInfo{Kind: alias, Alias: true, Life: time.Hour},
		correlate.KindInfo{Kind: roleName, Alias: true, Life: 12 * time.Hour},
		correlate.KindInfo{Kind: runID, Alias: true},
		correlate.KindInfo{Kind: apiKey},
	)
}

func account(k correlate.Key, origin string, at time.Time) correlate.Fact {
	return correlate.Fact{
		Kind: correlate.Account, Key: k, Origin: correlate.NewID(origin), Source: "aws.cloudtrail", EventID: origin,
		Time: at, Start: at, End: at.Add(time.Hour), Proof: correlate.Issued, Method: "aws.sts.assume_role",
		Principal: correlate.Principal{Type: correlate.RoleType, ID: "arn:aws:iam::123456789012:role/deploy", Issuer: "aws"},
		Parents: []correlate.Link{{
			Role: correlate.Requestor, Proof: correlate.Issued, Method: "aws.sts.assume_role",
			Key: correlate.Key{Kind: session, Value: "ASIAEXAMPLEPARENT" + origin},
		}},
	}
}

func key(n int) correlate.Key {
	return correlate.Key{Kind: session, Value: fmt.Sprintf("123456789012/ASIAEXAMPLE%08d", n)}
}

func binding(name string, n int, at time.Time) correlate.Fact {
	return correlate.Fact{
		Kind: correlate.Binding, Key: correlate.Key{Kind: alias, Value: name}, Target: key(n),
		Origin: correlate.NewID("bind", fmt.Sprint(n)), Source: "github.webhook", EventID: fmt.Sprint(n),
		Time: at, Start: at, Proof: correlate.Attested, Method: "github.oidc",
	}
}

// random makes facts about few keys, so that they meet.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 1))} }

func (r random) pick(s ...string) string { return s[r.IntN(len(s))] }

func (r random) time() time.Time {
	return day.Add(time.Duration(r.IntN(6*60)) * time.Minute).Add(time.Duration(r.IntN(1000)))
}

func (r random) maybeTime() time.Time {
	switch r.IntN(4) {
	case 0:
		return time.Time{}
	case 1:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return r.time().In(time.FixedZone("x", 3600))
}

func (r random) key() correlate.Key {
	kind := []correlate.Kind{session, alias, runID, apiKey, roleName}[r.IntN(5)]
	return correlate.Key{Kind: kind, Value: fmt.Sprintf("key-%d", r.IntN(8))}
}

func (r random) principal() correlate.Principal {
	p := correlate.Principal{
		Type: correlate.PrincipalType(r.pick("", "human", "role")), ID: r.pick("", "alice@example.com", "bob@example.com"),
		Name: r.pick("", "Alice"), Issuer: r.pick("", "okta"), Unit: r.pick("", "payments"), Owner: r.pick("", "carol@example.com"),
	}
	for range r.IntN(3) {
		p.Names = append(p.Names, r.pick("00u1", "00u2", ""))
	}
	return p
}

// fact makes a fact whose time follows from its identity, as an event's does.
func (r random) fact() correlate.Fact {
	n := r.IntN(200)
	f := correlate.Fact{
		Kind: correlate.FactKind(1 + r.IntN(4)), Key: r.key(), Origin: correlate.NewID(fmt.Sprint(n)),
		Source: r.pick("aws.cloudtrail", "vault.audit"), EventID: fmt.Sprint(n),
		Time: day.Add(time.Duration(n) * 97 * time.Second), Proof: correlate.Proof(r.IntN(5)), Method: r.pick("", "m"),
		Principal: r.principal(), Start: r.time(), End: r.maybeTime(), Standing: r.IntN(10) == 0, Reason: r.pick("", "revoked", "deleted"),
	}
	if f.Kind == correlate.Binding {
		f.Target = r.key()
	}
	for range r.IntN(3) {
		f.Parents = append(f.Parents, correlate.Link{
			Role: correlate.Role(r.IntN(6)), Key: correlate.Key{Kind: "k", Value: r.pick("a", "b")}, Principal: r.principal(),
			Proof: correlate.Proof(r.IntN(5)), Method: r.pick("", "x"), At: r.maybeTime(),
		})
	}
	return f
}

func (r random) facts(n int) []correlate.Fact {
	fs := make([]correlate.Fact, r.IntN(n)+1)
	for i := range fs {
		fs[i] = r.fact()
	}
	return fs
}

// diff compares sessions; no facts are no facts, nil or empty.
func diff(t *testing.T, what string, got, want correlate.Session) {
	t.Helper()
	if got.Key == want.Key && slices.EqualFunc(got.Facts, want.Facts, func(a, b correlate.Fact) bool { return a.Key == b.Key && same(&a, &b) }) {
		return // comparing values takes a hundred times as long
	}
	if d := cmp.Diff(got, want, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s (-got +want):\n%s", what, d)
	}
}
