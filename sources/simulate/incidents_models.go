package simulate

import "time"

// modelByDeparted: the key of somebody who has left still calls models.
func modelByDeparted(s *story) {
	k := s.personalKey(s.leaver, "")
	for range s.between(2, 4) {
		s.ask(k)
	}
}

// modelNotApproved: a service calls a model that nobody approved.
func modelNotApproved(s *story) {
	v := s.serviceWith(func(v *service) bool { return v.gatewayKey != "" })
	k := s.serviceKey(v, "")
	for range 3 {
		s.wait(2*time.Second, 12*time.Second)
		s.spend(k, spend{
			RequestID: "chatcmpl-" + s.uuid(), CallType: "acompletion", Model: "deepseek-reasoner", ModelGroup: "deepseek-reasoner", ModelID: s.hex(64),
			Provider: "deepseek", APIBase: "https://gateway.example.com/deepseek", PromptTokens: 900, Completion: 200, TotalTokens: 1100, Spend: 0.001,
		}, nil)
	}
}

// toolThenRights: what an agent read made it change rights.
func toolThenRights(s *story) {
	v := s.serviceWith(func(v *service) bool { return v.gatewayKey != "" })
	k := s.serviceKey(v, s.engineer().email)
	a := longLived(v.iamUser, []way{{who: v.party(), proof: attested}}, k.ip, toolAgents[2])
	a.owner = v.party()
	s.ask(k)
	s.tool(k, "tickets", "search")
	s.ask(k)
	s.succeed(a, deedNamed("AttachRolePolicy"))
}

// spendSpike: a service's calls cost far more than they do.
func spendSpike(s *story) {
	s.withinHour()
	v := s.serviceWith(func(v *service) bool { return v.gatewayKey != "" })
	k := s.serviceKey(v, "")
	for range 15 {
		s.wait(2*time.Second, 12*time.Second)
		s.spend(k, spend{
			RequestID: "chatcmpl-" + s.uuid(), CallType: "acompletion", Model: "claude-sonnet-4-5", ModelGroup: "claude-sonnet-4-5", ModelID: s.hex(64),
			Provider: "anthropic", APIBase: "https://gateway.example.com/anthropic", PromptTokens: 900_000, Completion: 8000, TotalTokens: 908_000, Spend: 2.82,
		}, nil)
	}
}

// agentBeyondPerson: a person's agent changes rights with what it was lent, which the
// person has never done.
func agentBeyondPerson(s *story) {
	p := s.engineer()
	a := s.saml(p, s.roles["staging/Developer"], p.email)
	k := s.personalKey(p, "code-agent")
	s.ask(k)
	s.tool(k, "aws", "s3_get")
	s.ask(k)
	b := s.assume(a, s.roles["staging/agent-tools"], "agent-"+k.session[:8], time.Hour)
	s.succeed(b, deedNamed("AttachRolePolicy"))
}
