package simulate

import (
	"fmt"
	"slices"
	"time"
)

// incident is something that rules should find.
type incident struct {
	name string
	// rules are those of whence's library that each raise an alert about it.
	rules []string
	tell  func(*story)
}

// incidents are all there are, in a fixed order: it is part of what a seed means.
var incidents = []incident{
	{"departed_person", []string{"departed-person"}, incidentLeaver},
	{"outsiders_run_reads_secret", []string{"outsider-run-reads-secret"}, outsidersRun},
	{"own_approval", []string{"approver-is-requestor"}, ownApproval},
	{"production_by_hand", []string{"production-change-without-approval"}, productionByHand},
	{"session_after_end", []string{"session-used-after-end"}, sessionAfterEnd},
	{"accounts_without_person", []string{"roles-across-accounts-by-nobody", "unattributed-secret-access"}, accountsWithoutPerson},
	{"many_networks", []string{"over-session-many-networks"}, manyNetworks},
	{"standing_key_made", []string{"standing-key-created"}, standingKeyMade},
	{"standing_key_used", []string{"person-with-standing-key"}, standingKeyUsed},
	{"shared_key", []string{"shared-key"}, sharedKey},
	{"model_by_nobody", []string{"model-call-by-nobody"}, agentUnlistedKey},
	{"model_by_departed", []string{"departed-owner-model-call"}, modelByDeparted},
	{"model_not_approved", []string{"model-outside-list"}, modelNotApproved},
	{"spend_spike", []string{"over-spend-unlike-before"}, spendSpike},
	{"tool_then_rights", []string{"agent-privileged-without-person"}, toolThenRights},
	{"vault_after_lease", []string{"vault-lease-outlived"}, vaultAfterLease},
	{"ci_secret_by_hand", []string{"ci-secret-outside-run"}, ciSecretByHand},
	{"logging_off", []string{"logging-switched-off"}, loggingOff},
	{"vault_audit_off", []string{"vault-audit-switched-off"}, vaultAuditOff},
	{"break_glass", []string{"root-account-used", "break-glass-used", "over-break-glass-first-use"}, incidentRoot},
	{"unattributed", []string{"unattributed-write", "unattributed-secret-access", "unattributed-admin-action"}, byNobody},
	{"agent_beyond_person", []string{"over-agent-beyond-person"}, agentBeyondPerson},
}

// Incidents are the names of those that Config.Injected can ask for.
func Incidents() []string {
	var out []string
	for _, in := range incidents {
		out = append(out, in.name)
	}
	return out
}

// injected are the incidents of c.
func (c Config) injected() []incident {
	var out []incident
	for _, in := range incidents {
		if slices.Contains(c.Injected, in.name) {
			out = append(out, in)
		}
	}
	return out
}

func (c Config) unknownIncidents() (errs []error) {
	for _, name := range c.Injected {
		if !slices.Contains(Incidents(), name) {
			errs = append(errs, fmt.Errorf("there is no incident %q; there are %v", name, Incidents()))
		}
	}
	return errs
}

// succeed makes one call that is not refused.
func (s *story) succeed(a *session, d deed) {
	s.wait(time.Second, 15*time.Second)
	s.allowed = true
	s.call(a, d)
	s.allowed = false
}

func deedNamed(name string) deed {
	for _, of := range [][]deed{looks, changes, secrets, models} {
		for _, d := range of {
			if d.name == name {
				return d
			}
		}
	}
	panic("simulate: no deed is named " + name)
}

// withinHour moves on to the next full hour if this one has less than 20 minutes left:
// rules over time look at hours.
func (s *story) withinHour() {
	if s.now.Minute() >= 40 {
		s.now = s.now.Truncate(time.Hour).Add(time.Hour)
	}
}

// sharedKey: an engine of Vault that somebody wrote hands one user's key to all who ask.
func sharedKey(s *story) {
	one := s.engineer()
	first, second := s.personToken(one), s.personToken(s.unlike(one))
	u := &iamUser{s.account("data"), "reporting", s.principalID("AIDA"), s.accessKey("AKIA")}
	for _, t := range []*token{first, second} {
		s.wait(time.Second, 20*time.Second)
		ask := s.vaultRequest(awsMount, "read", "aws/creds/reporting", nil, t.address)
		s.present(&ask, t)
		s.vaultPair(ask, t.auth, t.auth, vaultResponse{Secret: object{"lease_id": "aws/creds/reporting/" + s.word(24), "lease_duration": 3600, "renewable": true}, Data: object{
			"access_key": u.keyID, "secret_key": s.hidden(s.word(40)), "expiration": s.hidden("2027"),
		}}, t.owner, t.ways(), t.ways())
	}
	a := longLived(u, []way{{who: unlisted, proof: attested}}, first.address, toolAgents[2])
	a.owner = first.owner
	for range 3 {
		s.succeed(a, deedNamed("PutObject"))
	}
}

// byNobody: a key of an IAM user that nobody lists does everything.
func byNobody(s *story) {
	u := &iamUser{s.account("prod"), "tmp-" + s.hex(5), s.principalID("AIDA"), s.accessKey("AKIA")}
	a := longLived(u, []way{{who: unlisted, proof: attested}}, s.ip(homeNet), toolAgents[2])
	for _, name := range []string{"GetSecretValue", "GetParameter", "PutObject", "AttachRolePolicy"} {
		s.succeed(a, deedNamed(name))
	}
}

// accountsWithoutPerson: a key that nobody lists takes a role, and with it one in
// another account.
func accountsWithoutPerson(s *story) {
	u := &iamUser{s.account("shared"), "tmp-" + s.hex(5), s.principalID("AIDA"), s.accessKey("AKIA")}
	a := longLived(u, []way{{who: unlisted, proof: attested}}, s.ip(homeNet), toolAgents[2])
	b := s.assume(a, s.roles["shared/deploy"], s.uniqueName(), time.Hour)
	s.wait(time.Second, 10*time.Second)
	c := s.assume(b, s.roles["data/data-reader"], s.uniqueName(), time.Hour)
	s.succeed(c, deedNamed("GetSecretValue"))
	s.succeed(c, deedNamed("Decrypt"))
}
