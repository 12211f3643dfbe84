package rules

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

	"whence/correlate"
)

// actions are n names of actions, by source: those that clouds have.
func actions(n int) (names, sources []string) {
	services := []string{"s3", "iam", "ec2", "kms", "lambda", "sts", "rds", "eks", "logs", "dynamodb"}
	verbs := []string{"Get", "List", "Describe", "Put", "Create", "Delete", "Update", "Attach", "Tag", "Start"}
	things := []string{"Object", "Role", "Instances", "Key", "Function", "Table", "Cluster", "Policy"}
	for i := range n {
		names = append(names, fmt.Sprintf("%s:%s%s", services[i%10], verbs[i/10%10], things[i/100%8]))
		sources = append(sources, "aws.cloudtrail")
		if i%10 >= 8 {
			names[i], sources[i] = fmt.Sprintf("%s.%s.%d", []string{"user", "repo"}[i%2], []string{"update", "create", "read"}[i%3], i), []string{"okta.system_log", "github.audit"}[i%2]
		}
	}
	return names, sources
}

// realRules is a set of n, shaped as those of a SOC are: half of them are about
// named actions, a quarter about a source and class, one in ten about everything.
func realRules(tb testing.TB, n int) *Set {
	tb.Helper()
	names, sources := actions(800)
	class := []string{"write", "admin", "secret", "deploy", "model"}
	fsys := fstest.MapFS{}
	for i := range n {
		a, b, k := names[i*7%800], names[(i*7+3)%800], class[i%5]
		beside := ""
		var when string
		switch i % 20 {
		case 0:
			when = fmt.Sprintf(`outcome == "success" and executor.id endsWith ":user/breakglass-%d"`, i)
		case 1:
			when = fmt.Sprintf(`class == "%s" and context.account == "1234567890%02d" and not cidr(context.ip, "10.%d.0.0/16")`, k, i%100, i%200)
		case 2, 3:
			when = fmt.Sprintf(`class in ["%s", "admin"] and outcome == "success" and not proven and status != "ambiguous" and context.account == "1234567890%02d"`, k, i%100)
		case 4:
			when = fmt.Sprintf(`source == "%s" and class == "%s" and any(resources, .id startsWith "arn:aws:s3:::vault-%d/")`, sources[i%800], k, i)
		case 5:
			when = fmt.Sprintf(`outcome == "success" and requestor.type == "agent" and requestor.unit == "team-%d" and class == "%s"`, i, k)
		case 6:
			when, beside = fmt.Sprintf(`outcome == "denied" and executor.type == "role" and len(approvers) == 0 and context.region == "eu-west-%d"`, i), fmt.Sprintf(", sources: [%s], actions: ['%s']", sources[i%800], names[i*7%800][:4])
		case 7:
			when = fmt.Sprintf(`any(hops, .state == "revoked" and .principal.id == "svc-%d")`, i)
		case 8:
			when = fmt.Sprintf(`source == "%s" and class in ["write", "admin"] and hour < 5 and requestor.id == "svc-%d@example.com"`, sources[i%800], i)
		case 9:
			when, beside = fmt.Sprintf(`class == "%s" and status in ["unattributed", "partial"] and tenant == "t%d"`, k, i), ", settled: true"
		default:
			when = fmt.Sprintf(`action in ["%s", "%s"] and outcome == "success" and requestor.type != "human" and context.account in ["1234567890%02d", "1234567890%02d"]`, a, b, i%97, i%89)
		}
		id := fmt.Sprintf("r%03d", i)
		fsys[id+".yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"{id: %s, title: t, severity: low, why: w%s, when: '%s', tests: [{name: n, match: false, chain: {class: read}}]}", id, beside, when)}
	}
	s, err := Load(fsys)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// callRules is a set of n that call functions: each asks for a class or an outcome
// too, as a rule does, and no more.
func callRules(tb testing.TB, n int) *Set {
	tb.Helper()
	class := []string{"write", "admin", "secret", "deploy", "model"}
	fsys := fstest.MapFS{"lists/l.yaml": &fstest.MapFile{Data: []byte("people: [alice@example.com, bob@example.com]\nmodels: [example-*, other-1]")}}
	for i := range n {
		when := []string{
			`crosses("account") and outcome == "success" and context.region == "eu-west-%d"`,
			`not crosses("trust") and executor.unit == "team-%d"`,
			`outcome == "success" and knows("models") and not knows("models", usage.model) and usage.input_tokens > %d`,
			`not knows("people", requestor.id) and context.app == "app-%d"`,
			`any(hops, .state == "revoked" and within(.age, "%dm"))`,
			`any(resources, glob(.id, "arn:aws:s3:::vault-%d/*"))`,
			`cidr(context.ip, "203.0.113.0/24", "192.0.2.%d/32")`,
		}[i%7]
		when = fmt.Sprintf("class == %q and ", class[i%5]) + fmt.Sprintf(when, 1+i%200)
		id := fmt.Sprintf("r%03d", i)
		fsys[id+".yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"{id: %s, title: t, severity: low, why: w, when: '%s', tests: [{name: n, match: false, chain: {class: read}}]}", id, when)}
	}
	s, err := Load(fsys)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// realChains are what such a set sees: mostly reads, mostly attributed.
func realChains(n int) []*correlate.Chain {
	rnd := rand.New(rand.NewPCG(7, 8))
	names, sources := actions(800)
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	out := make([]*correlate.Chain, n)
	for i := range out {
		status, proof := correlate.Attributed, correlate.Issued
		if rnd.IntN(20) == 0 {
			status, proof = correlate.Status(pick("partial", "unattributed", "ambiguous", "automated")), correlate.Proof(rnd.IntN(3))
		}
		c := write(1, rnd.IntN(4) > 0, status, proof)
		a := int(800 * rnd.Float64() * rnd.Float64() * rnd.Float64())
		c.Action, c.Source = names[a], sources[a]
		c.Class = correlate.Class(pick("read", "read", "read", "read", "write", "write", "auth", "admin", "secret", "model"))
		c.Outcome = correlate.Outcome(pick("success", "success", "success", "success", "denied"))
		c.Tenant, c.Context = "acme", correlate.Context{IP: pick("10.1.2.3", "198.51.100.7"), Account: pick("123456789012", "123456789099"), Region: "eu-west-1", Agent: "aws-cli/2.15"}
		c.Requestor.Type = correlate.PrincipalType(pick("human", "human", "service_account", "agent"))
		c.Time = c.Time.Add(time.Duration(rnd.IntN(86400)) * time.Second)
		for range 2 + rnd.IntN(3) {
			c.Hops = append(c.Hops, correlate.Hop{Key: correlate.Key{Kind: "aws.access_key", Value: "ASIAEXAMPLE000000001"}, Principal: c.Actor, Proof: correlate.Issued, Method: "aws.sts.assume_role", Time: c.Time})
		}
		out[i] = c
	}
	return out
}

func BenchmarkJudge(b *testing.B) {
	chains := realChains(1024)
	run := func(name string, s *Set) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			j := s.NewJudge()
			var out []correlate.Alert
			i, found := 0, 0
			for b.Loop() {
				out = j.Judge(nil, chains[i&1023], out[:0])
				found += len(out)
				i++
			}
			b.ReportMetric(float64(found)/float64(b.N), "alerts/op")
		})
	}
	run("library", Library())
	for _, n := range []int{1, 10, 50, 100, 200, 500} {
		run(fmt.Sprintf("rules=%d", n), realRules(b, n))
	}
	run("calls=500", callRules(b, 500))
}

func BenchmarkFill(b *testing.B) {
	c := write(1, true, correlate.Unattributed, 0)
	c.Hops = make([]correlate.Hop, 3)
	var e Env
	var boxed any
	b.ReportAllocs()
	for b.Loop() {
		e.fill(c)
		boxed = e
	}
	_ = boxed
}
