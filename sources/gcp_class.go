package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// gcpCall is what follows from a service and a method.
type gcpCall struct {
	action string
	class  correlate.Class
}

// call names what was done. Where the log names no method, the permission that was
// asked for says it.
func (s *gcpEntry) call(p *gcpPayload) gcpCall {
	method, kind := p.Method, ""
	if len(p.Access) > 0 {
		kind = p.Access[0].Kind
		if method == "" {
			method = p.Access[0].Permission
		}
	}
	call := s.calls.of(cmp.Or(method, p.Service, "unknown"), gcpCallOf)
	if kind == "ADMIN_READ" || kind == "DATA_READ" {
		if call.class == correlate.Write || call.class == correlate.Admin {
			call.class = correlate.Read
		}
	}
	return call
}

// gcpReads begin the last word of methods that change nothing.
var gcpReads = []string{
	"get", "list", "aggregatedlist", "search", "query", "watch", "test", "batchget", "export", "lookup", "fetch", "check", "read", "view",
	"analyze", "count", "validate", "preview", "describe",
}

// gcpAdmin are parts of methods that change what others may do, or what is seen of it.
var gcpAdmin = []string{
	"iam.admin", "iam.v1.", "setiampolicy", "setiampermissions", "orgpolicy", "accesscontextmanager", "logging.v2.configservice", "firewall",
	"workloadidentitypool", "workforcepool", "resourcemanager", "serviceusage", "projectownership", "rbac.authorization", "binaryauthorization",
	"essentialcontacts", "tagbindings", "tagkeys", "tagvalues", "cloudkms", "cryptokey", "importjobs", "roles.", "createrole", "deleterole",
	"serviceaccount", "identityawareproxy", "setcommoninstancemetadata", "clusterroles", "rolebindings",
}

// gcpSecrets are methods whose answer is a secret, or that work with a private key.
var gcpSecrets = []string{
	"accesssecretversion", "asymmetricdecrypt", "asymmetricsign", "macsign", "signblob", "signjwt", "keymanagementservice.decrypt", "getserialportoutput",
	"secrets.get", "secrets.list", "secrets.watch", "usetodecrypt", "usetosign", "versions.access",
}

var gcpDeploys = []string{
	"run.v1.services.", "run.v2.services.", "cloudfunctions.", "deploymentmanager.", "clouddeploy.", "appengine.", "google.devtools.cloudbuild", "config.v1.config",
}

var gcpModels = []string{"predict", "generatecontent", "streamgeneratecontent", "chatcompletions", "computetokens", "counttokens", "embedcontent"}

func gcpCallOf(method string) gcpCall {
	return gcpCall{action: strings.Clone(method), class: gcpClass(strings.ToLower(method))}
}

func gcpClass(method string) correlate.Class {
	last := method[strings.LastIndexByte(method, '.')+1:]
	contains := func(list []string) bool {
		for _, part := range list {
			if strings.Contains(method, part) {
				return true
			}
		}
		return false
	}
	begins := func(list []string) bool {
		for _, part := range list {
			if strings.HasPrefix(last, part) {
				return true
			}
		}
		return false
	}
	switch {
	case strings.Contains(method, "predictionservice"), strings.Contains(method, "aiplatform") && contains(gcpModels):
		return correlate.Model
	case contains(gcpSecrets), last == "decrypt":
		return correlate.Secret
	case last == "generateaccesstoken", last == "generateidtoken", last == "exchangetoken", strings.Contains(method, "loginservice"),
		strings.Contains(method, "subjectaccessreviews"), strings.Contains(method, "tokenreviews"):
		return correlate.Auth
	case begins(gcpReads), last == "encrypt", last == "verify", last == "usetoencrypt":
		return correlate.Read
	case contains(gcpAdmin):
		return correlate.Admin
	case contains(gcpDeploys):
		return correlate.Deploy
	}
	return correlate.Write
}
