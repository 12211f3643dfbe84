package pipeline

import (
	"sync/atomic"

	"whence/rules"
)

// UseRules has everything judged by another set of rules from now on, in the lanes
// from their next step. It is safe for concurrent use, before Run too.
//
// Alerts that are there and open are judged again, by whoever settles what lanes let
// go, within Config.RepairEvery: one whose rule is gone, or has changed and does not
// match any more, is closed under its own id. What the former rules passed over is
// not looked for: chains that were written are judged when they improve, or when
// their lines are read again. So once all instances have the same rules, no alert is
// open that they would not open; and after a run from the beginning, none is missing.
func (p *Pipeline) UseRules(s *rules.Set) {
	p.newerRules.Store(s)
	if p.repairing != nil {
		p.repairing.judges.use(s)
	}
}

// ruleSet is what is judged by now.
func (s *shared) ruleSet() *rules.Set {
	if r := s.newerRules.Load(); r != nil {
		return r
	}
	return s.rules
}

func (s *shared) newJudge() *rules.Judge {
	j := s.ruleSet().NewJudge()
	j.OnError = s.ruleFailed
	return j
}

// ruleFailed counts what a rule could not judge. It is told once: a rule that fails
// does so often.
func (s *shared) ruleFailed(rule string, first bool, err error) {
	s.metrics.ruleErrs.WithLabelValues(rule).Inc()
	if first {
		s.log.Warn("a rule fails: what it fails on it neither matches nor passes; whence status counts it from here on", "rule", rule, "err", err)
	}
}

// takeRules has the lane judge by the rules that are in use now.
func (l *lane) takeRules() {
	if l.judge.Set() != l.ruleSet() {
		l.judge = l.newJudge()
	}
}

// judges makes the judge of a repair, by the rules that are in use.
type judges struct {
	set     atomic.Pointer[rules.Set]
	onError func(rule string, first bool, err error)
	made    *rules.Judge // of the goroutine that repairs
}

func (j *judges) use(s *rules.Set) { j.set.Store(s) }

// now is the judge to use until the next call.
func (j *judges) now() *rules.Judge {
	if s := j.set.Load(); j.made == nil || j.made.Set() != s {
		j.made = s.NewJudge()
		j.made.OnError = j.onError
	}
	return j.made
}
