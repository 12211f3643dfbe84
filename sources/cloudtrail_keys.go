package sources

import "whence/correlate"

// Long-lived keys: made, taken out of use and taken up again by IAM.

// accessKey is a long-lived key. It stands for the user it belongs to; who made
// it is shown only.
func (e *cloudtrailEvent) accessKey(id, userName, method string, actor *correlate.Principal) []correlate.Fact {
	k := cloudtrailKey(id)
	if k.IsZero() {
		return nil
	}
	f := e.fact(correlate.Account, k, method)
	f.Standing, f.Principal = true, e.owner(userName, actor)
	if !e.key.IsZero() {
		e.link(correlate.Creator, correlate.Issued, method).Key = e.key
	} else if actor.ID != "" {
		e.link(correlate.Creator, correlate.Attested, method).Principal = *actor
	}
	f.Parents = e.done()
	return e.facts
}

// owner is the user a key is for. Without a name that is the caller. The line
// does not tell the path in the user's ARN; the plain form is among the names
// that the user's own lines give.
func (e *cloudtrailEvent) owner(userName string, actor *correlate.Principal) correlate.Principal {
	if userName == "" || userName == e.Identity.UserName && e.kind == "IAMUser" {
		return *actor
	}
	return e.iam(e.join("arn:", cloudtrailPartition(e.Region), ":iam::", e.account, ":user/", userName), userName)
}

// ending is a key that was taken out of use. It lasts as long as the key did, so
// it does not expire either.
func (e *cloudtrailEvent) ending(method, reason string) []correlate.Fact {
	k := cloudtrailKey(e.Request.AccessKeyID)
	if k.IsZero() {
		return nil
	}
	f := e.fact(correlate.Ending, k, method)
	f.Reason, f.Standing = reason, true
	return e.facts
}
