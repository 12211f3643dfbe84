package sources

import "whence/correlate"

// Requests for access: somebody asks for roles or resources, others allow it, and what
// is done then tells by which requests it may be.

// teleportMaxRequests is how many requests of one event are looked at.
const teleportMaxRequests = 8

func (d *teleportDeed) requestKey(cluster, id string) correlate.Key {
	if id == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: TeleportRequest, Value: d.out.text.Join(cluster, "/", id)}
}

// requests are those that a certificate or a session has.
func (d *teleportDeed) requests() []string {
	list := d.Requests
	if len(list) == 0 {
		list = d.Identity.Requests
	}
	return list[:min(len(list), teleportMaxRequests)]
}

// byRequest adds the requests by right of which e was done.
func (d *teleportDeed) byRequest(e *correlate.Event, cluster string) {
	for _, id := range d.requests() {
		d.out.acted(e, d.requestKey(cluster, id), "teleport.access_requests")
	}
}

// restsOn are the requests behind a session: Teleport begins it by the certificate that
// it issued for them.
func (d *teleportDeed) restsOn(cluster string) []correlate.Link {
	var links []correlate.Link
	for _, id := range d.requests() {
		if k := d.requestKey(cluster, id); !k.IsZero() {
			links = d.out.links.Append(links, correlate.Link{
				Role: correlate.Requestor, Key: k, Proof: correlate.Issued, Method: "teleport.access_requests",
			})
		}
	}
	return links
}

// mintRequest tells whose a request is, and who allowed it. Reviews that want it denied
// allow nothing; one that is changed without a review is allowed by whoever changed it.
func (d *teleportDeed) mintRequest(e *correlate.Event, cluster string) {
	var kind correlate.FactKind
	var proof correlate.Proof
	var method string
	switch {
	case d.ID == "" || e.Outcome != correlate.Success || e.Actor.Type == correlate.Unknown:
		return
	case d.Event == "access_request.create":
		kind, proof, method = correlate.Account, correlate.Issued, "teleport.access_request"
	case d.Event == "access_request.review" && or(d.Proposed, d.State) == "APPROVED":
		kind, proof, method = correlate.Approval, correlate.Attested, "teleport.access_review"
	case d.Event == "access_request.update" && d.State == "APPROVED":
		kind, proof, method = correlate.Approval, correlate.Attested, "teleport.access_request_update"
	default:
		return
	}
	d.out.fact(e, kind, d.requestKey(cluster, d.ID), proof, method).Principal = e.Actor
}
