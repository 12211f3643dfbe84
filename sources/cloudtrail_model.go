package sources

import "whence/correlate"

// Calls of models that Bedrock's own log tells of too.

// request is the key of a call that Bedrock's log has as well, or the zero key: it is
// then for that line, which has the tokens, to stand for the call, and for this one to
// say whose key made it.
func (e *cloudtrailEvent) request(class correlate.Class) correlate.Key {
	if class != correlate.Model || e.service.name != "bedrock" && e.service.name != "bedrock-runtime" || !e.out.beside(bedrockName) {
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
