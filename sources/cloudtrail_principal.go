package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// The principals that CloudTrail names.

// role is a role session; the role behind it is its other name.
func (e *cloudtrailEvent) role(sessionARN, roleARN string) correlate.Principal {
	p := correlate.Principal{Type: correlate.RoleType, ID: cmp.Or(sessionARN, roleARN), Issuer: "aws"}
	path, _ := cloudtrailPath(sessionARN)
	_, path, _ = strings.Cut(path, "/")
	if name, session, ok := strings.Cut(path, "/"); ok && strings.IndexByte(session, '/') < 0 {
		p.Name = name
	}
	if roleARN != "" {
		p.Names = e.names(e.join("aws:", roleARN))
	}
	return p
}

// iam is an IAM user, a root or a federated user.
func (e *cloudtrailEvent) iam(id, name string) correlate.Principal {
	p := correlate.Principal{Type: correlate.Unknown, ID: id, Name: name, Issuer: "aws"}
	path, ok := cloudtrailPath(id)
	if !ok {
		return p
	}
	full := e.join("aws:", id)
	// Where only the user's name is told, as when a key is made, the path in the
	// ARN is not: the name without it leads to the same user.
	if i := strings.LastIndexByte(path, '/'); i > len("user") && strings.HasPrefix(path, "user/") {
		p.Names = e.names(full, e.join(full[:len(full)-len(path)], "user", path[i:]))
	} else {
		p.Names = e.names(full)
	}
	return p
}

func cloudtrailServicePrincipal(name string) correlate.Principal {
	return correlate.Principal{Type: correlate.ServiceAccount, ID: name, Issuer: "aws"}
}

// workloadOf is an instance by its id, or another resource by its ARN.
func (e *cloudtrailEvent) workloadOf(id string) correlate.Principal {
	p := correlate.Principal{Type: correlate.Workload, ID: id, Issuer: "aws"}
	if a := cloudtrailARN(id); a[0] != "" {
		p.Names = e.names(e.join("aws:", id))
		if instance, ok := strings.CutPrefix(a[5], "instance/"); ok && a[2] == "ec2" {
			p.ID = instance
		}
	}
	return p
}

// instance is a virtual machine, which AWS gave a role to: whoever runs a group of them
// is listed by the role, as they come and go.
func (e *cloudtrailEvent) instance(id, role string) correlate.Principal {
	p := e.workloadOf(id)
	if role != "" {
		p.Names = e.names(e.join("aws:", role))
	}
	return p
}

// identityCenter is a person in IAM Identity Center.
func (e *cloudtrailEvent) identityCenter(userID, userName string) correlate.Principal {
	p := correlate.Principal{
		Type: correlate.Human, ID: userID, Issuer: "aws.identitystore", Names: e.names(e.join("aws.identitystore:", userID)),
	}
	if !cloudtrailMasked(userName) {
		p.Name = userName
	}
	if mail, ok := e.email(userName); ok {
		p.ID = mail
	}
	return p
}

// email is cloudtrailEmail in memory of the batch.
func (e *cloudtrailEvent) email(s string) (string, bool) { return cloudtrailEmail(s, &e.out.text) }
