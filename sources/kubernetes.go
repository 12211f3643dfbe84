package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The audit log of the Kubernetes API server, as it writes it to a file or sends it
// to a webhook, and as EKS (CloudWatch Logs) and AKS (diagnostic settings) hand it
// on. GKE rewrites it into Cloud Audit Logs, which are gcp.audit's.
const kubernetesAudit = "kubernetes.audit"

// kubernetesTokenLife is how long a token can live that the API server issues for
// a pod, by its default: a year, of which the log seldom says how much was granted.
const kubernetesTokenLife = 366 * 24 * time.Hour

var _ = register(Source{
	Name: kubernetesAudit,
	Kinds: []correlate.KindInfo{{
		Kind: K8sToken, Life: kubernetesTokenLife, Best: correlate.Issued,
		Hint: "does the audit policy log create on serviceaccounts/token at level Metadata, and was the token requested before the log was collected?",
	}},
	Lateness: 2 * time.Minute,
	Detect:   kubernetesDetect,
	Decode:   kubernetesDecode,
})

func kubernetesDetect(v Value) bool {
	switch {
	case v.Text("kind") == "EventList":
		v = v.Member("items")
	case v.Has("logEvents"):
		v = NewValue([]byte(v.Member("logEvents").Text("message")))
	case v.Has("records"):
		v = v.Member("records").Member("properties")
		v = NewValue([]byte(v.Text("log")))
	case v.Has("properties", "category"):
		v = NewValue([]byte(v.Member("properties").Text("log")))
	}
	return v.Text("kind") == "Event" && v.Has("verb", "user") && v.Member("user").Has("username")
}

// kubernetesNone is why a record is no event.
const kubernetesNone = "not an audit event: kind is not Event, or there is no verb and no user"

// kubernetesState is what is used again for every line.
type kubernetesState struct {
	record  kubernetesRecord
	wrapped kubernetesWrapped
	users   words[correlate.PrincipalType] // by user name
}

func kubernetesDecode(in Input, out *Batch) {
	d := kubernetesDeed{kubernetesState: scratch[kubernetesState](out), in: in, out: out}
	out.each(in.Raw, d.open)
}

// kubernetesDeed is one line, and what it lies in.
type kubernetesDeed struct {
	*kubernetesState
	in  Input
	out *Batch

	depth   int // of envelopes around it
	cluster string
	line    *kubernetesLine
	e       *correlate.Event
}

// open decodes an event, or every event in an envelope.
func (d *kubernetesDeed) open(raw scan.Raw) {
	d.opened(raw, kubernetesTable.Read(raw, &d.record, &d.out.text))
}

// opened decodes what was read of raw.
func (d *kubernetesDeed) opened(raw scan.Raw, err error) {
	r := &d.record
	if err != nil {
		d.out.refuse(raw, err)
		return
	}
	switch {
	case r.Items.IsList() && r.Kind == "EventList":
		d.list(raw, r.Items)
	case r.Records.IsList():
		d.list(raw, r.Records)
	case r.LogEvents.IsList():
		d.cloudWatch()
	case r.Properties.Log.Verb != "":
		d.cluster = cmp.Or(d.in.Scope, d.aks(r.ResourceID), "default")
		d.append(raw, &r.Properties.Log, r.Time)
	default:
		d.cluster = cmp.Or(d.in.Scope, "default")
		d.append(raw, &r.kubernetesLine, "")
	}
}

// list opens what an envelope holds. It is read into the same struct, which is not
// looked at again.
func (d *kubernetesDeed) list(raw, inner scan.Raw) {
	if d.depth > 0 {
		d.out.reject(raw, correlate.RejectTooDeep, "envelopes inside one another")
		return
	}
	d.depth++
	kubernetesTable.Elements(inner, &d.record, &d.out.text, d.opened)
	d.depth--
}

// cloudWatch opens what a subscription of CloudWatch Logs sends: the log group is
// /aws/eks/<cluster>/cluster and has other logs of the control plane too.
func (d *kubernetesDeed) cloudWatch() {
	group := strings.TrimSuffix(strings.TrimPrefix(d.record.LogGroup, "/aws/eks/"), "/cluster")
	d.cluster = cmp.Or(d.in.Scope, d.out.join(d.record.Owner, "/", group), "default")
	kubernetesWrappedTable.Elements(d.record.LogEvents, &d.wrapped, &d.out.text, func(one scan.Raw, err error) {
		if err != nil {
			d.out.refuse(one, err)
			return
		}
		d.append(one, &d.wrapped.Message, "")
	})
}

// aks is the cluster by its id in Azure, as subscription/resource group/name: the id
// is /subscriptions/../resourceGroups/../providers/Microsoft.ContainerService/managedClusters/..,
// in capitals or not.
func (d *kubernetesDeed) aks(resourceID string) string {
	rest, ok := strings.CutPrefix(d.out.fold(resourceID), "/subscriptions/")
	subscription, rest, _ := strings.Cut(rest, "/resourcegroups/")
	group, rest, _ := strings.Cut(rest, "/")
	if !ok || rest == "" {
		return ""
	}
	return d.out.text.Join(subscription, "/", group, "/", rest[strings.LastIndexByte(rest, '/')+1:])
}

func (d *kubernetesDeed) append(raw scan.Raw, l *kubernetesLine, arrived string) {
	if l.Kind != "Event" && l.AuditID == "" || l.Verb == "" || l.User.Username == "" {
		d.out.reject(raw, correlate.RejectSource, kubernetesNone)
		return
	}
	d.line = l
	// Callers may choose the audit id (a header), and one of theirs must not take the
	// place of another line's: the server's own time is part of the id.
	const complete = "ResponseComplete"
	stage := cmp.Or(l.Stage, complete)
	id := ""
	if l.AuditID != "" {
		id = d.out.text.Join(l.AuditID, "/", stage)
	}
	e := d.out.begin(kubernetesAudit, d.cluster, id, raw, l.Received)
	d.e = e
	// The stages of a request are one deed, which goes by the id of the last one: that
	// knows how it ended.
	if id != "" && stage != complete {
		e.ActionID = d.out.sums.ID(kubernetesAudit, d.cluster, d.out.text.Join(l.AuditID, "/", complete), l.Received)
	}
	e.Primary = l.Stage != "RequestReceived" && l.Stage != "ResponseStarted"
	dated := d.in.dated(e, firstTime(l.Received, l.StageTime, l.Timestamp, l.Metadata.Created, arrived))
	e.Action = d.out.text.Join("k8s.", l.what(&d.out.text), ".", l.Verb)
	e.Class = l.class()
	e.Outcome, e.Error = l.outcome()
	d.resources()
	d.who()
	e.Context.IP, e.Context.Agent, e.Context.Account = l.ip(), l.Agent, d.cluster
	if dated && e.Primary && e.Outcome == correlate.Success {
		d.mint()
	}
}

// resources are the object that was asked for and, for a path that is none, the
// path. Its query may hold anything, and is left out.
func (d *kubernetesDeed) resources() {
	o := &d.line.Object
	switch {
	case o.Resource == "":
		path, _, _ := strings.Cut(d.line.URI, "?")
		d.out.touched(d.e, "k8s.path", d.out.join(d.cluster, path))
	case o.Namespace == "":
		d.out.touched(d.e, d.out.text.Join("k8s.", o.Resource), d.out.text.Join(d.cluster, "/", o.Name))
	default:
		d.out.touched(d.e, d.out.text.Join("k8s.", o.Resource), d.out.text.Join(d.cluster, "/", o.Namespace, "/", o.Name))
	}
}
