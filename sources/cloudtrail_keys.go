package sources

import (
	"cmp"

	"whence/correlate"
)

// Long-lived keys: made, taken out of use and taken up again by IAM.

// accessKey is a long-lived key. It stands for the user it belongs to; who made
// it is shown only.
func (e *cloudtrailEvent) accessKey(id, userName, method string, actor correlate.Principal) []correlate.Fact {
	k := cloudtrailKey(id)
	if k.IsZero() {
		return nil
	}
	f := e.fact(correlate.Account, k, method)
	f.Standing, f.Principal = true, e.owner(userName, actor)
	if signer := cloudtrailKey(e.Identity.AccessKeyID); !signer.IsZero() {
		f.Parents = []correlate.Link{{Role: correlate.Creator, Key: signer, Proof: correlate.Issued, Method: method}}
	} else if actor.ID != "" {
		f.Parents = []correlate.Link{{Role: correlate.Creator, Principal: actor, Proof: correlate.Attested, Method: method}}
	}
	return []correlate.Fact{f}
}

// owner is the user a key is for. Without a name that is the caller. The line
// does not tell the path in the user's ARN; the plain form is among the names
// that the user's own lines give.
func (e *cloudtrailEvent) owner(userName string, actor correlate.Principal) correlate.Principal {
	u := &e.Identity
	if userName == "" || userName == u.UserName && u.kind() == "IAMUser" {
		return actor
	}
	account := cmp.Or(e.RecipientAccount, u.AccountID)
	return cloudtrailIAM("arn:"+cloudtrailPartition(e.Region)+":iam::"+account+":user/"+userName, userName)
}

// ending is a key that was taken out of use. It lasts as long as the key did, so
// it does not expire either.
func (e *cloudtrailEvent) ending(method, reason string) []correlate.Fact {
	k := cloudtrailKey(e.request.AccessKeyID)
	if k.IsZero() {
		return nil
	}
	f := e.fact(correlate.Ending, k, method)
	f.Reason, f.Standing = reason, true
	return []correlate.Fact{f}
}
