//go:build unix

package sinks_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"whence/correlate"
)

// usualChain is what most chains look like: one to three sessions and a person,
// nothing minted or approved, and as many different names, addresses and numbers as
// an estate has.
func usualChain(n int) correlate.Chain {
	d := draw{rand.New(rand.NewPCG(1, uint64(n)))}
	c := fullChain(n)
	c.Mints, c.Approvers, c.Candidates, c.Waits, c.Hops, c.Uses, c.Walked = nil, nil, nil, nil, nil, nil, nil
	c.Missing, c.Reason, c.Tenant, c.Outcome, c.Error, c.Usage = correlate.Key{}, "", "", correlate.Success, "", correlate.Usage{}
	if d.IntN(10) == 0 {
		c.Outcome, c.Error = correlate.Denied, "AccessDenied"
	}
	c.Action, c.Class = d.pick("svc%d:DescribeSomething", 400), correlate.Read
	c.EventID, c.Evidence.SHA256, c.Evidence.Offset = d.uuid(), d.hex(32), int64(n)
	c.Resources = c.Resources[:1+d.IntN(2)]
	for i := range c.Resources {
		c.Resources[i].ID = d.pick("arn:aws:ec2:eu-central-1:123456789012:instance/i-%017x", 1_000_000)
	}

	person := correlate.Principal{Type: correlate.Human, ID: d.pick("person%d@example.com", 5000), Issuer: "saml"}
	c.Requestor = person
	for range 1 + d.IntN(3) {
		role, name := d.pick("app-%d-service-role", 300), d.pick("terraform-%08x", 100_000)
		c.Hops = append(c.Hops, correlate.Hop{
			Key: correlate.Key{Kind: "aws.access_key", Value: "ASIA" + d.hex(8)},
			Principal: correlate.Principal{
				Type: correlate.RoleType, ID: "arn:aws:sts::123456789012:assumed-role/" + role + "/" + name, Name: role, Issuer: "aws",
				Names: []string{"aws:arn:aws:iam::123456789012:role/" + role},
			},
			Proof: correlate.Issued, Method: "aws.sts.assume_role", EventID: d.uuid(), Source: c.Source, Time: c.Time.Add(-time.Duration(d.IntN(3600)) * time.Second),
		})
		c.Walked = append(c.Walked, c.Hops[len(c.Hops)-1].Key)
	}
	last := c.Hops[len(c.Hops)-1]
	last.Key, last.Principal, last.Proof, last.Method = correlate.Key{}, person, correlate.Attested, "aws.sts.saml_subject"
	last.Principal.Name = person.ID
	c.Hops = append(c.Hops, last)

	c.Actor = c.Hops[0].Principal
	session := correlate.Key{Kind: "aws.role_session", Value: "AROA" + d.hex(8) + ":" + person.ID}
	c.Walked = append(c.Walked, session)
	c.Uses = []correlate.Link{
		{Role: correlate.Acting, Key: c.Hops[0].Key, Proof: correlate.Attested, Method: "aws.cloudtrail.accessKeyId"},
		{Role: correlate.Requestor, Key: session, Proof: correlate.Inferred, Method: "aws.role_session", At: c.Hops[0].Time},
	}
	if d.IntN(2) == 0 {
		c.Uses = append(c.Uses, correlate.Link{Role: correlate.Requestor, Principal: person, Proof: correlate.Claimed, Method: "aws.role_session_name"})
	}
	c.Context = correlate.Context{
		IP: fmt.Sprintf("10.%d.%d.%d", d.IntN(256), d.IntN(256), d.IntN(256)), Account: d.pick("12345678%04d", 40), Region: d.pick("eu-west-%d", 12),
		Agent: d.pick("aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOARCH#amd64 api/s3#1.58.%d", 300), Session: person.ID,
	}
	c.Proof = correlate.Attested
	c.Seal(1)
	return c
}

// draw makes values that are the same for every chain of one number.
type draw struct{ *rand.Rand }

// pick is one of n texts, some far more often than others.
func (d draw) pick(format string, n int) string {
	return fmt.Sprintf(format, int(float64(n)*d.Float64()*d.Float64()))
}

func (d draw) hex(bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(d.Uint32())
	}
	return hex.EncodeToString(b)
}

func (d draw) uuid() string {
	s := d.hex(16)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
