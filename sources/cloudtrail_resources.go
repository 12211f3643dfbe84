package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// cloudtrailMaxResources bounds the resources of one event; further ones of a
// bulk call are left out.
const cloudtrailMaxResources = 100

// resources are those the event lists, or else those its request names.
func (e *cloudtrailEvent) resources() []correlate.Resource {
	if out := e.listed(); len(out) > 0 {
		return out
	}
	var out []correlate.Resource
	add := func(kind, id string) {
		if kind == "" {
			kind = cloudtrailTypeOfARN(id)
		}
		if len(out) < cloudtrailMaxResources {
			out = append(out, correlate.Resource{Type: kind, ID: id})
		}
	}
	r := &e.request
	if r.BucketName != "" {
		bucket := "arn:" + cloudtrailPartition(e.Region) + ":s3:::" + r.BucketName
		if r.Key != "" && e.service == "s3" {
			add("aws.s3.object", bucket+"/"+r.Key)
		} else {
			add("aws.s3.bucket", bucket)
		}
	}
	for i := range cloudtrailParams {
		p := &cloudtrailParams[i]
		if p.service == "" || p.service == e.service {
			if v := p.value(r); v != "" {
				add(p.kind, e.expand(p.id, v))
			}
		}
	}
	for _, it := range r.Instances.Items {
		if it.InstanceID != "" {
			add("aws.ec2.instance", e.expand("arn:{p}:ec2:{r}:{a}:instance/{v}", it.InstanceID))
		}
	}
	for _, id := range r.InstanceIDs {
		add("aws.ec2.instance", e.expand("arn:{p}:ec2:{r}:{a}:instance/{v}", id))
	}
	if e.service == "ssm" {
		for _, name := range r.Names {
			add("aws.ssm.parameter", e.expand("arn:{p}:ssm:{r}:{a}:parameter/{v}", strings.TrimPrefix(name, "/")))
		}
	}
	return out
}

// listed are the event's own resources. Elements that are no object with an ARN
// are left out.
func (e *cloudtrailEvent) listed() []correlate.Resource {
	if len(e.Resources) < 3 || e.Resources[0] != '[' {
		return nil
	}
	var raws []struct {
		ARN    string `json:"ARN"` // arn in some services
		Prefix string `json:"ARNPrefix"`
		Type   string `json:"type"`
	}
	if cloudtrailUnmarshal(e.Resources, &raws) != nil {
		return nil
	}
	var out []correlate.Resource
	for _, r := range raws {
		id := cmp.Or(r.ARN, r.Prefix)
		if id == "" || len(out) == cloudtrailMaxResources {
			continue
		}
		kind := strings.ToLower(strings.ReplaceAll(r.Type, "::", "."))
		if kind == "" {
			kind = cloudtrailTypeOfARN(id)
		}
		out = append(out, correlate.Resource{Type: kind, ID: id})
	}
	return out
}

// expand fills in the form of an id: see cloudtrailParam.
func (e *cloudtrailEvent) expand(form, v string) string {
	if form == "{v}" || strings.HasPrefix(v, "arn:") {
		return v
	}
	var b strings.Builder
	for part := range strings.SplitSeq(form, "{") {
		before, after, ok := strings.Cut(part, "}")
		switch {
		case !ok:
			b.WriteString(part)
			continue
		case before == "p":
			b.WriteString(cloudtrailPartition(e.Region))
		case before == "r":
			b.WriteString(e.Region)
		case before == "a":
			b.WriteString(cmp.Or(e.RecipientAccount, e.Identity.AccountID))
		case before == "v":
			b.WriteString(v)
		}
		b.WriteString(after)
	}
	return b.String()
}

// cloudtrailTypeOfARN names the type of a resource that the event does not type.
func cloudtrailTypeOfARN(arn string) string {
	p := cloudtrailARN(arn)
	if p[2] == "" {
		return "aws.resource"
	}
	if p[2] == "s3" {
		if strings.Contains(p[5], "/") {
			return "aws.s3.object"
		}
		return "aws.s3.bucket"
	}
	kind := p[5]
	if i := strings.IndexAny(kind, "/:"); i >= 0 {
		kind = kind[:i]
	} else {
		kind = "resource"
	}
	return "aws." + p[2] + "." + strings.ReplaceAll(strings.ToLower(kind), "-", "")
}
