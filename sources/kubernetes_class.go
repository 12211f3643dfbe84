package sources

import "whence/correlate"

// class says what a request could do. To look at a secret or be handed a token is
// secret; to run something in a pod, or reach into it, is admin, as are all
// changes of rights and of what guards the cluster.
func (l *kubernetesLine) class() correlate.Class {
	o := &l.Object
	reads := l.Verb == "get" || l.Verb == "list" || l.Verb == "watch" || l.Verb == "head" || l.Verb == "options"
	switch o.Subresource {
	case "exec", "attach", "portforward", "proxy", "ephemeralcontainers":
		return correlate.Admin // exec over websockets is a get
	case "token":
		if !reads {
			return correlate.Secret
		}
	}
	switch {
	case o.Resource == "secrets" && reads:
		return correlate.Secret
	case reads:
		return correlate.Read
	case l.Verb == "impersonate", l.Verb == "bind", l.Verb == "escalate":
		return correlate.Admin
	}
	switch o.Group {
	case "authentication.k8s.io", "authorization.k8s.io":
		return correlate.Auth // reviews: may they, who is it
	case "rbac.authorization.k8s.io", "admissionregistration.k8s.io", "certificates.k8s.io", "apiregistration.k8s.io",
		"apiextensions.k8s.io", "policy", "networking.k8s.io":
		return correlate.Admin
	}
	switch o.Resource {
	case "clusterroles", "clusterrolebindings", "roles", "rolebindings", "mutatingwebhookconfigurations",
		"validatingwebhookconfigurations", "certificatesigningrequests", "customresourcedefinitions", "networkpolicies",
		"serviceaccounts", "namespaces", "nodes", "podsecuritypolicies", "resourcequotas", "limitranges":
		if o.Subresource != "status" {
			return correlate.Admin
		}
	case "pods", "deployments", "daemonsets", "statefulsets", "replicasets", "replicationcontrollers", "jobs", "cronjobs":
		if o.Subresource != "status" {
			return correlate.Deploy
		}
	case "tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews", "localsubjectaccessreviews", "selfsubjectreviews":
		return correlate.Auth
	}
	return correlate.Write
}
