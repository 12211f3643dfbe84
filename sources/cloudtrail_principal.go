package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// The principals that CloudTrail names.

func cloudtrailStated(p correlate.Principal, proof correlate.Proof, method string) correlate.Link {
	return correlate.Link{Role: correlate.Requestor, Principal: p, Proof: proof, Method: method}
}

// cloudtrailRole is a role session; the role behind it is its other name.
func cloudtrailRole(sessionARN, roleARN string) correlate.Principal {
	p := correlate.Principal{Type: correlate.RoleType, ID: cmp.Or(sessionARN, roleARN), Issuer: "aws"}
	if parts := strings.Split(cloudtrailARN(sessionARN)[5], "/"); len(parts) == 3 {
		p.Name = parts[1]
	}
	if roleARN != "" {
		p.Names = []string{"aws:" + roleARN}
	}
	return p
}

// cloudtrailIAM is an IAM user, a root or a federated user.
func cloudtrailIAM(id, name string) correlate.Principal {
	p := correlate.Principal{Type: correlate.Unknown, ID: id, Name: name, Issuer: "aws"}
	a := cloudtrailARN(id)
	if a[0] == "" {
		return p
	}
	p.Names = []string{"aws:" + id}
	// Where only the user's name is told, as when a key is made, the path in the
	// ARN is not: the name without it leads to the same user.
	if i := strings.LastIndexByte(a[5], '/'); strings.HasPrefix(a[5], "user/") && i > len("user") {
		p.Names = append(p.Names, "aws:"+strings.TrimSuffix(id, a[5])+"user"+a[5][i:])
	}
	return p
}

func cloudtrailServicePrincipal(name string) correlate.Principal {
	return correlate.Principal{Type: correlate.ServiceAccount, ID: name, Issuer: "aws"}
}

// cloudtrailWorkload is an instance by its id, or another resource by its ARN.
func cloudtrailWorkload(id string) correlate.Principal {
	p := correlate.Principal{Type: correlate.Workload, ID: id, Issuer: "aws"}
	if a := cloudtrailARN(id); a[0] != "" {
		p.Names = []string{"aws:" + id}
		if instance, ok := strings.CutPrefix(a[5], "instance/"); ok && a[2] == "ec2" {
			p.ID = instance
		}
	}
	return p
}

// cloudtrailIdentityCenter is a person in IAM Identity Center.
func cloudtrailIdentityCenter(userID, userName string) correlate.Principal {
	p := correlate.Principal{Type: correlate.Human, ID: userID, Issuer: "aws.identitystore", Names: []string{"aws.identitystore:" + userID}}
	if !cloudtrailMasked(userName) {
		p.Name = userName
	}
	if mail, ok := cloudtrailEmail(userName); ok {
		p.ID = mail
	}
	return p
}
