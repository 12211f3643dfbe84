package sources

import "whence/correlate"

// Calls of models that Bedrock's own log tells of too.

// request is the key of a call that the service's own log has as well, or the zero
// key: it is then for that line, which has the tokens or the tool, to stand for the
// call, and for this one to say whose key made it.
func (e *cloudtrailEvent) request(class correlate.Class) correlate.Key {
	if class != correlate.Model && class != correlate.Tool {
		return correlate.Key{}
	}
	log := ""
	switch e.service.name {
	case "bedrock", "bedrock-runtime":
		log = bedrockName
	case "bedrock-agentcore":
		log = agentcoreName
	}
	if log == "" || !e.out.beside(log) {
		return correlate.Key{}
	}
	return awsRequest(e.account, e.Region, e.RequestID, e.out)
}

// requested is the fact of who made a request, whether it was granted or not.
func (e *cloudtrailEvent) requested(k correlate.Key, actor *correlate.Principal) []correlate.Fact {
	const method = "aws.bedrock.request"
	parents := e.asked(method)
	f := e.fact(correlate.Account, k, method)
	f.Principal, f.Parents = *actor, parents
	return e.facts
}

// agentSession adds a link to the agent's session whose id is in a name that the
// caller chose, where sessions of agents are read: a wrapper of the agent's tools that
// names its role sessions so makes the cloud's log tell which session did it.
func (e *cloudtrailEvent) agentSession(name string) {
	const uuid = 36
	if len(name) < uuid || !e.out.beside(transcriptName) && !e.out.beside(otelName) {
		return
	}
	for i := 0; i+uuid <= len(name); i++ {
		if id := name[i : i+uuid]; id[8] == '-' && cloudtrailIsStoreID(id) {
			e.link(correlate.Requestor, correlate.Claimed, "aws.agent_session_in_name").Key = correlate.Key{Kind: AgentSession, Value: id}
			return
		}
	}
}
