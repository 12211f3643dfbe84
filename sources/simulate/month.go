package simulate

import (
	"slices"
	"strings"
	"time"
)

// Month is a well-kept estate for some days: nothing is lost, everything that acts is
// known to the directory, people work on working days and machines at night too, and
// nothing happens that a rule should find but the incidents that are asked for.
func Month(days int) Config {
	c := Default()
	c.Calm, c.Incidents, c.LostShare = true, false, 0
	c.Events, c.Span = 17_000*days, time.Duration(days)*24*time.Hour
	return c
}

// untidy are stories that a well-kept estate has no part in: a session that outlives its
// end, a name that is not its holder's, runs that nothing tells apart, what nobody lists.
var untidy = strings.Fields(`claimed_liar sts_expired ci_overlap ci_vault_unmapped vault_approle_unlisted
	vault_after_revoke agent_unlisted_key service_new_key`)

// unattended are stories that are told at any hour.
var unattended = strings.Fields("ci_schedule vault_approle agent_of_service service_key service_role aws_itself")

// kinds are the flows that the stories are of.
func (c Config) kinds() []flow {
	var out []flow
	for _, f := range flows {
		if (c.Incidents || !f.incident) && !(c.Calm && slices.Contains(untidy, f.name)) {
			out = append(out, f)
		}
	}
	return out
}

// weights are how often each kind is told at a time.
func (c Config) weights(kinds []flow, at time.Time) []int {
	out := make([]int, len(kinds))
	for i, f := range kinds {
		if !c.Calm || working(at) || slices.Contains(unattended, f.name) {
			out[i] = f.weight
		}
	}
	return out
}

func working(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && t.Hour() >= 7 && t.Hour() < 17
}

// calendar says how far into a span a share of all its lines is told: in a calm estate,
// most of them in working hours.
type calendar struct {
	cfg Config
	// sums are the weights of the hours up to and with each; nil if all are the same.
	sums []float64
}

func newCalendar(cfg Config) calendar {
	k := calendar{cfg: cfg}
	if !cfg.Calm {
		return k
	}
	sum := 0.0
	for at := time.Duration(0); at < cfg.Span; at += time.Hour {
		weight := 1.0
		if working(cfg.Start.Add(at)) {
			weight = 8
		}
		sum += weight * min(1, float64(cfg.Span-at)/float64(time.Hour))
		k.sums = append(k.sums, sum)
	}
	return k
}

// at is on a whole second, so that no line, however coarse its clock, is earlier.
func (k calendar) at(share float64) time.Time {
	share = min(share, 1)
	into := time.Duration(share * float64(k.cfg.Span))
	if k.sums != nil {
		want := share * k.sums[len(k.sums)-1]
		i, _ := slices.BinarySearch(k.sums, want)
		i = min(i, len(k.sums)-1)
		before := 0.0
		if i > 0 {
			before = k.sums[i-1]
		}
		into = time.Duration((float64(i) + (want-before)/(k.sums[i]-before)) * float64(time.Hour))
	}
	return k.cfg.Start.Add(min(into, k.cfg.Span)).UTC().Truncate(time.Second)
}

// ordinary leaves out what changes rights: in a calm estate only pipelines do.
func (s *story) ordinary(from [][]deed) [][]deed {
	if !s.cfg.Calm || s.incident.name != "" || strings.HasPrefix(s.flow, "ci_") {
		return from
	}
	var out [][]deed
	for _, deeds := range from {
		out = append(out, slices.DeleteFunc(slices.Clone(deeds), func(d deed) bool {
			return d.name == "AttachRolePolicy" || d.name == "AuthorizeSecurityGroupIngress"
		}))
	}
	return out
}

// Lists are the lists of the estate that whence's rules look into, as YAML.
func (e *Estate) Lists() []byte {
	return []byte(`approved_models: ["*claude-*", "*gpt-4o*", "*nova-pro*", "*llama3-3*"]
production: ["123456789012", "production"]
own_repositories: ["example-org/*"]
ci_secrets: ["*/secret/data/ci/*"]
trusted_issuers: ["token.actions.githubusercontent.com", "saml"]
break_glass: ["arn:aws:iam::123456789012:root"]
agent_roles: ["*:assumed-role/agent-tools/*"]
`)
}
