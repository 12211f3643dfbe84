package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
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
	r := &e.Request
	if r.BucketName != "" {
		if r.Key != "" && e.service.name == "s3" {
			out = e.touch(out, "aws.s3.object", e.join("arn:", cloudtrailPartition(e.Region), ":s3:::", r.BucketName, "/", r.Key))
		} else {
			out = e.touch(out, "aws.s3.bucket", e.join("arn:", cloudtrailPartition(e.Region), ":s3:::", r.BucketName))
		}
	}
	for _, p := range e.service.params {
		if v := p.value(r); v != "" {
			out = e.touch(out, p.kind, e.expand(p.id, v))
		}
	}
	instances := r.Instances.Items
	if e.EventName == "RunInstances" {
		instances = e.Response.Instances.Items // those asked for have no id yet
	}
	for i := range instances {
		if id := instances[i].InstanceID; id != "" {
			out = e.touch(out, "aws.ec2.instance", e.expand(cloudtrailInstanceID, id))
		}
	}
	for _, id := range r.InstanceIDs {
		out = e.touch(out, "aws.ec2.instance", e.expand(cloudtrailInstanceID, id))
	}
	for _, id := range r.SecretIDs {
		out = e.touch(out, "aws.secretsmanager.secret", e.expand(cloudtrailSecretID, id))
	}
	if e.service.name == "ssm" {
		for _, name := range r.Names {
			out = e.touch(out, "aws.ssm.parameter", e.expand(cloudtrailParameterID, strings.TrimPrefix(name, "/")))
		}
	}
	return out
}

// touch adds a resource. Without a type its id tells that.
func (e *cloudtrailEvent) touch(out []correlate.Resource, kind, id string) []correlate.Resource {
	if len(out) == cloudtrailMaxResources {
		return out
	}
	if kind == "" {
		kind = e.typeOfARN(id)
	}
	return e.out.resources.Append(out, correlate.Resource{Type: kind, ID: id})
}

// listed are the event's own resources. Elements that are no object with an ARN
// are left out.
func (e *cloudtrailEvent) listed() (out []correlate.Resource) {
	for i := range e.Resources {
		r := &e.Resources[i]
		if id := cmp.Or(r.ARN, r.LowerARN, r.Prefix); id != "" {
			out = e.touch(out, e.d.types.find(r.Type), id)
		}
	}
	return out
}

// expand fills in the form of an id: see cloudtrailParam.
func (e *cloudtrailEvent) expand(form, v string) string {
	if form == "{v}" || strings.HasPrefix(v, "arn:") {
		return v
	}
	partition := cloudtrailPartition(e.Region)
	room := len(form) + len(partition) + len(e.Region) + len(e.account) + len(v)
	b := e.out.text.Bytes(room)[:0]
	for i := 0; i < len(form); i++ {
		if form[i] != '{' {
			b = append(b, form[i])
			continue
		}
		switch form[i+1] {
		case 'p':
			b = append(b, partition...)
		case 'r':
			b = append(b, e.Region...)
		case 'a':
			b = append(b, e.account...)
		case 'v':
			b = append(b, v...)
		}
		i += len("p}")
	}
	return arena.View(b)
}

// typeOfARN names the type of a resource that the event does not type.
func (e *cloudtrailEvent) typeOfARN(arn string) string {
	p := cloudtrailARN(arn)
	switch {
	case p[2] == "":
		return "aws.resource"
	case p[2] == "s3" && strings.Contains(p[5], "/"):
		return "aws.s3.object"
	case p[2] == "s3":
		return "aws.s3.bucket"
	}
	kind := "resource"
	if i := strings.IndexAny(p[5], "/:"); i >= 0 {
		kind = p[5][:i]
	}
	kind = strings.ToLower(kind)
	b := append(e.out.text.Bytes(len("aws..") + len(p[2]) + len(kind))[:0], "aws."...)
	b = append(append(b, p[2]...), '.')
	for i := range len(kind) {
		if kind[i] != '-' {
			b = append(b, kind[i])
		}
	}
	return arena.View(b)
}
